// Says which files processes loaded.
//
// access   write
// param    rows      LIST<LIST<ANY>>  process key, module key, relationship type, times, firstSeen, lastSeen, via, confidence, tuples, evidence, name, signature, valid, hashes
// returns  written   INTEGER          edges made or rewritten; fewer than rows means that an end is missing
//
// :param rows => []

UNWIND $rows AS r
MATCH (p:Process {key: r[0]})
MERGE (m:Module {key: r[1]})
SET m.name = r[10],
    m.firstSeen = CASE WHEN m.firstSeen < r[4] THEN m.firstSeen ELSE r[4] END,
    m.lastSeen = CASE WHEN m.lastSeen > r[5] THEN m.lastSeen ELSE r[5] END
MERGE (p)-[d:LOADED]->(m)
SET d.times = r[3],
    d.count = size(r[3]),
    d.firstSeen = r[4],
    d.lastSeen = r[5],
    d.via = r[6],
    d.confidence = r[7],
    d.tuples = r[8],
    d.evidence = r[9],
    d.signature = r[11],
    d.valid = r[12],
    d.hashes = r[13]
RETURN count(*) AS written
