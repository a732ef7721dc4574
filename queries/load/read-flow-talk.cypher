// What processes of hosts connected to, asked for and may have connected to in stretches of time. Of the last all is
// given, for it is replaced.
//
// access   read
// param    rows       LIST<LIST<ANY>>  host key, from and until in seconds since 1970
// returns  process    STRING        key of the process
// returns  type       STRING        CONNECTED, RESOLVED, MAY_HAVE_CONNECTED
// returns  endpoint   STRING        key of the endpoint
// returns  tuples     LIST<STRING>  what the edge remembers
// returns  truncated  BOOLEAN       it has forgotten some
// returns  evidence   LIST<STRING>  source records
//
// :param rows => []

UNWIND $rows AS r
MATCH (p:Process)
WHERE p.host = r[0]
  AND p.lastSeen >= datetime({epochSeconds: r[1]})
MATCH (p)-[c:CONNECTED|RESOLVED|MAY_HAVE_CONNECTED]->(e:Endpoint)
WHERE c.lastSeen.epochSeconds >= r[1]
  AND c.firstSeen.epochSeconds <= r[2]
WITH r, p, c, e,
     CASE type(c)
       WHEN 'MAY_HAVE_CONNECTED' THEN c.tuples
       ELSE [i IN range(0, size(c.times) - 1) WHERE c.times[i] >= r[1] AND c.times[i] <= r[2] | c.tuples[i]]
     END AS tuples
WHERE tuples <> []
RETURN p.key AS process, type(c) AS type, e.key AS endpoint, tuples, coalesce(c.timesTruncated, false) AS truncated, c.evidence AS evidence
