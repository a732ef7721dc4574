// Replaces what is known of the addresses that tasks were registered from.
//
// access   write
// param    rows      LIST<LIST<ANY>>  task key, list of [IP, at, via, confidence, port, change], remote or null, attended or null
//
// :param rows => []

UNWIND $rows AS r
MATCH (t:Task {key: r[0]})
SET t.remote = r[2],
    t.attended = r[3]
WITH t, r
OPTIONAL MATCH (t)-[old:REGISTERED_FROM]->(was:Address)
WITH t, r, collect(old) AS olds, collect(was) AS before
FOREACH (old IN olds | DELETE old)
FOREACH (s IN r[1] |
  MERGE (a:Address {key: s[0]})
  CREATE (t)-[:REGISTERED_FROM {at: s[1], via: s[2], confidence: s[3], port: s[4], change: s[5], firstSeen: s[1], lastSeen: s[1]}]->(a))
WITH before
UNWIND before AS a
WITH DISTINCT a
WHERE NOT EXISTS { (a)--() }
DELETE a
