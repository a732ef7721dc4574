// Stored runs of tasks by key.
//
// access   read
// param    keys      LIST<STRING>  keys
// returns  key       STRING   key
// returns  host      STRING   host key
// returns  task      STRING   task key
// returns  instance  STRING   instance id, or null
// returns  ticks     STRING   the records as JSON
// returns  evidence  LIST<STRING>  source records
//
// :param keys => []

UNWIND $keys AS key
MATCH (l:Launch {key: key})
RETURN l.key AS key, l.host AS host, l.task AS task, l.instanceId AS instance, l.ticks AS ticks, l.evidence AS evidence
