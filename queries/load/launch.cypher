// Keeps what the scheduler's log says of the runs of tasks.
//
// access   write
// param    rows      LIST<LIST<ANY>>  key, host, task key, instance, at, lastSeen, ticks, evidence
//
// :param rows => []

UNWIND $rows AS r
MATCH (t:Task {key: r[2]})
MERGE (l:Launch {key: r[0]})
SET l.host = r[1],
    l.task = r[2],
    l.instanceId = r[3],
    l.at = r[4],
    l.firstSeen = r[4],
    l.lastSeen = r[5],
    l.ticks = r[6],
    l.evidence = r[7]
MERGE (t)-[ran:RAN]->(l)
SET ran.firstSeen = r[4],
    ran.lastSeen = r[5]
