// Deletes what processes may have connected to, where it no longer holds.
//
// access   write
// param    rows      LIST<LIST<STRING>>  process, endpoint
//
// :param rows => []

UNWIND $rows AS r
MATCH (p:Process {key: r[0]})-[c:MAY_HAVE_CONNECTED]->(e:Endpoint {key: r[1]})
DELETE c
