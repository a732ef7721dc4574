// Links task definitions to the endpoints that their commands name, over the definition's own span.
//
// access   write
// param    rows      LIST<LIST<STRING>>  definition key, endpoint key, how it is known
// returns  written   INTEGER             edges that are there; fewer than rows means that an end is missing
//
// :param rows => []

UNWIND $rows AS r
MATCH (d:TaskDefinition {key: r[0]})
MATCH (e:Endpoint {key: r[1]})
MERGE (d)-[n:NAMES]->(e)
SET n.via = r[2],
    n.firstSeen = d.firstSeen,
    n.lastSeen = d.lastSeen
RETURN count(*) AS written
