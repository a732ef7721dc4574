// What processes may have connected to.
//
// access   read
// param    rows       LIST<STRING>  keys of processes
// returns  process    STRING        key of the process
// returns  type       STRING        MAY_HAVE_CONNECTED
// returns  endpoint   STRING        key of the endpoint
// returns  tuples     LIST<STRING>  what the edge remembers
// returns  truncated  BOOLEAN       it has forgotten some
// returns  evidence   LIST<STRING>  source records
//
// :param rows => []

UNWIND $rows AS key
MATCH (p:Process {key: key})-[c:MAY_HAVE_CONNECTED]->(e:Endpoint)
RETURN key AS process, type(c) AS type, e.key AS endpoint, c.tuples AS tuples, coalesce(c.timesTruncated, false) AS truncated,
  c.evidence AS evidence
