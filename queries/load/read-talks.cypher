// The network edges of processes.
//
// access   read
// param    keys       LIST<STRING>  keys of processes
// returns  key        STRING   of the process
// returns  type       STRING   CONNECTED, RESOLVED or ACCEPTED
// returns  endpoint   STRING   key of the endpoint
// returns  tuples     LIST<STRING>  what the edge remembers
// returns  truncated  BOOLEAN  it has forgotten some
// returns  confidence FLOAT    of the name
// returns  reverse    LIST<STRING>  reverse names
// returns  evidence   LIST<STRING>  source records
//
// :param keys => []

UNWIND $keys AS key
MATCH (p:Process {key: key})-[c:CONNECTED|RESOLVED|ACCEPTED]->(e:Endpoint)
RETURN key, type(c) AS type, e.key AS endpoint, c.tuples AS tuples, coalesce(c.timesTruncated, false) AS truncated,
  c.nameConfidence AS confidence, c.reverseNames AS reverse, c.evidence AS evidence
