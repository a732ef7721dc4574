// Ties processes to those that they had a broker start.
//
// access   write
// param    rows      LIST<LIST<ANY>>  key of who asked, key of what was started, relationship type, at, via, confidence
//
// :param rows => []

UNWIND $rows AS r
MATCH (q:Process {key: r[0]})
MATCH (p:Process {key: r[1]})
MERGE (q)-[v:$(r[2])]->(p)
SET v.at = r[3],
    v.via = r[4],
    v.confidence = r[5],
    v.firstSeen = r[3],
    v.lastSeen = r[3],
    v.evidence = coalesce(q.evidence, []) + [e IN coalesce(p.evidence, []) WHERE NOT e IN coalesce(q.evidence, [])]
