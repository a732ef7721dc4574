// What the network saw of addresses in stretches of time.
//
// access   read
// param    rows       LIST<LIST<ANY>>  address, from and until in seconds since 1970
// returns  client     STRING        the address
// returns  type       STRING        FLOWED or ASKED
// returns  endpoint   STRING        key of the endpoint
// returns  tuples     LIST<STRING>  what was seen in that stretch
// returns  evidence   LIST<STRING>  source records
//
// :param rows => []

UNWIND $rows AS r
MATCH (a:Address {key: r[0]})-[s:FLOWED|ASKED]->(e:Endpoint)
WHERE s.lastSeen.epochSeconds >= r[1]
  AND s.firstSeen.epochSeconds <= r[2]
WITH r, s, e, [i IN range(0, size(s.times) - 1) WHERE s.times[i] >= r[1] AND s.times[i] <= r[2] | s.tuples[i]] AS tuples
WHERE tuples <> []
RETURN r[0] AS client, type(s) AS type, e.key AS endpoint, tuples, s.evidence AS evidence
