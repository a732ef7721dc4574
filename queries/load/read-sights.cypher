// What is stored of connections and questions that the network saw.
//
// access   read
// param    rows       LIST<LIST<STRING>>  FLOWED or ASKED, client's address, endpoint
// returns  type       STRING        FLOWED or ASKED
// returns  client     STRING        the client's address
// returns  endpoint   STRING        key of the endpoint
// returns  tuples     LIST<STRING>  what the edge remembers
// returns  truncated  BOOLEAN       it has forgotten some
// returns  evidence   LIST<STRING>  source records
//
// :param rows => []

UNWIND $rows AS r
MATCH (a:Address {key: r[1]})
MATCH (e:Endpoint {key: r[2]})
MATCH (a)-[s:FLOWED|ASKED]->(e)
WHERE type(s) = r[0]
RETURN r[0] AS type, r[1] AS client, r[2] AS endpoint, s.tuples AS tuples, coalesce(s.timesTruncated, false) AS truncated,
  s.evidence AS evidence
