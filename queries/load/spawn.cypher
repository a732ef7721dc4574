// Ties tasks to the processes that they started.
//
// access   write
// param    rows      LIST<LIST<ANY>>  task key, process key, at, via, confidence, instanceId, endedAt, result, trigger, evidence
// returns  written   INTEGER          edges made or rewritten; fewer than rows means that an end is missing
//
// :param rows => []

UNWIND $rows AS r
MATCH (t:Task {key: r[0]})
MATCH (p:Process {key: r[1]})
MERGE (t)-[s:SPAWNED]->(p)
SET s.at = r[2],
    s.via = r[3],
    s.confidence = r[4],
    s.instanceId = r[5],
    s.endedAt = r[6],
    s.result = r[7],
    s.trigger = r[8],
    s.evidence = r[9],
    s.firstSeen = r[2],
    s.lastSeen = r[2]
RETURN count(*) AS written
