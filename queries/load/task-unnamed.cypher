// Makes sure that tasks exist that are only inferred from a launch.
//
// access   write
// param    rows      LIST<LIST<ANY>>  key, host, at
//
// :param rows => []

UNWIND $rows AS r
MERGE (t:Task {key: r[0]})
ON CREATE SET t.host = r[1], t.named = false, t.registered = false, t.firstSeen = r[2], t.lastSeen = r[2]
SET t.firstSeen = CASE WHEN r[2] < t.firstSeen THEN r[2] ELSE t.firstSeen END,
    t.lastSeen = CASE WHEN r[2] > t.lastSeen THEN r[2] ELSE t.lastSeen END
WITH t, r
MATCH (h:Host {key: r[1]})
MERGE (t)-[on:ON]->(h)
SET on.firstSeen = t.firstSeen,
    on.lastSeen = t.lastSeen
