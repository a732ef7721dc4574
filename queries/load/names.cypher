// Links task definitions to the endpoints that their commands name, over the definition's own span.
//
// access   write
// param    rows      LIST<LIST<ANY>>  definition key, endpoint key, how it is known, true where it is only a proxy
// returns  written   INTEGER          edges that are there; fewer than rows means that an end is missing
//
// :param rows => []

UNWIND $rows AS r
MATCH (d:TaskDefinition {key: r[0]})
MATCH (e:Endpoint {key: r[1]})
MERGE (d)-[n:NAMES]->(e)
SET n.via = r[2],
    n.proxy = r[3],
    n.firstSeen = d.firstSeen,
    n.lastSeen = d.lastSeen
RETURN count(*) AS written
