// Deletes network edges that no longer hold.
//
// access   write
// param    rows      LIST<LIST<STRING>>  process, endpoint, type
//
// :param rows => []

UNWIND $rows AS r
MATCH (p:Process {key: r[0]})-[c:CONNECTED|RESOLVED|ACCEPTED]->(e:Endpoint {key: r[1]})
WHERE type(c) = r[2]
DELETE c
