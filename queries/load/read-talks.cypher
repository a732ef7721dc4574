// The network edges of processes, what they did to tasks and classes, and what they loaded.
//
// access   read
// param    keys       LIST<STRING>  keys of processes
// returns  key        STRING   of the process
// returns  type       STRING   CONNECTED, RESOLVED, ACCEPTED, CREATED and so on
// returns  endpoint   STRING   key of the endpoint, task, class or module
// returns  tuples     LIST<STRING>  what the edge remembers
// returns  truncated  BOOLEAN  it has forgotten some
// returns  confidence FLOAT    of the name
// returns  reverse    LIST<STRING>  reverse names
// returns  evidence   LIST<STRING>  source records
//
// :param keys => []

UNWIND $keys AS key
MATCH (p:Process {key: key})-[c:CONNECTED|RESOLVED|ACCEPTED|CREATED|UPDATED|DELETED|ENABLED|DISABLED|CHANGED_CLASS|LOADED]->(e:Endpoint|Task|ComClass|Module)
RETURN key, type(c) AS type, e.key AS endpoint, c.tuples AS tuples, coalesce(c.timesTruncated, false) AS truncated,
  coalesce(c.nameConfidence, c.confidence) AS confidence, c.reverseNames AS reverse, c.evidence AS evidence
