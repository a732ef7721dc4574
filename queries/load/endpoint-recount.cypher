// Narrows endpoints that lost contacts to what is left, and deletes those that nothing leads to any more: no
// contact, nothing that the network saw, and no definition that names them.
//
// access   write
// param    keys      LIST<STRING>  keys of endpoints
//
// :param keys => []

UNWIND $keys AS key
MATCH (e:Endpoint {key: key})
OPTIONAL MATCH ()-[c:CONNECTED|RESOLVED|ACCEPTED|NAMES|FLOWED|ASKED]->(e)
WITH e, min(c.firstSeen) AS first, max(c.lastSeen) AS last
SET e.firstSeen = first,
    e.lastSeen = last
WITH e
OPTIONAL MATCH (e)-[u:UNDER]->(d:Domain)
SET u.firstSeen = e.firstSeen,
    u.lastSeen = e.lastSeen
WITH collect(e) AS endpoints, collect(DISTINCT d) AS domains
FOREACH (e IN [e IN endpoints WHERE e.lastSeen IS NULL] | DETACH DELETE e)
WITH domains
UNWIND domains AS d
OPTIONAL MATCH (e:Endpoint)-[:UNDER]->(d)
WITH d, min(e.firstSeen) AS first, max(e.lastSeen) AS last
SET d.firstSeen = first,
    d.lastSeen = last
WITH d
WHERE d.lastSeen IS NULL
DETACH DELETE d
