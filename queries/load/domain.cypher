// Makes sure that registered domains exist and that their names lie under them.
//
// access   write
// param    rows      LIST<LIST<ANY>>  domain, suffix, endpoint key, firstSeen, lastSeen
//
// :param rows => []

UNWIND $rows AS r
MATCH (e:Endpoint {key: r[2]})
MERGE (d:Domain {name: r[0]})
ON CREATE SET d.firstSeen = r[3], d.lastSeen = r[4]
SET d.suffix = r[1],
    d.firstSeen = CASE WHEN r[3] < d.firstSeen THEN r[3] ELSE d.firstSeen END,
    d.lastSeen = CASE WHEN r[4] > d.lastSeen THEN r[4] ELSE d.lastSeen END
MERGE (e)-[u:UNDER]->(d)
ON CREATE SET u.firstSeen = r[3], u.lastSeen = r[4]
SET u.firstSeen = CASE WHEN r[3] < u.firstSeen THEN r[3] ELSE u.firstSeen END,
    u.lastSeen = CASE WHEN r[4] > u.lastSeen THEN r[4] ELSE u.lastSeen END
