// Says which processes changed COM classes.
//
// access   write
// param    rows      LIST<LIST<ANY>>  process key, class key, relationship type, times, firstSeen, lastSeen, via, confidence, tuples, evidence, what was set
// returns  written   INTEGER          edges made or rewritten; fewer than rows means that an end is missing
//
// :param rows => []

UNWIND $rows AS r
MATCH (p:Process {key: r[0]})
MATCH (c:ComClass {key: r[1]})
MERGE (p)-[d:CHANGED_CLASS]->(c)
SET d.times = r[3],
    d.count = size(r[3]),
    d.firstSeen = r[4],
    d.lastSeen = r[5],
    d.via = r[6],
    d.confidence = r[7],
    d.tuples = r[8],
    d.evidence = r[9],
    d.settings = r[10]
RETURN count(*) AS written
