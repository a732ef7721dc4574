// Stored runs of tasks of hosts that overlap a stretch of time.
//
// access   read
// param    windows   LIST<LIST<ANY>>  host, from, until
// returns  key       STRING   key
// returns  host      STRING   host key
// returns  task      STRING   task key
// returns  instance  STRING   instance id, or null
// returns  ticks     STRING   the records as JSON
// returns  evidence  LIST<STRING>  source records
//
// :param windows => []

UNWIND $windows AS w
MATCH (l:Launch {host: w[0]})
WHERE l.at <= w[2]
  AND l.lastSeen >= w[1]
RETURN l.key AS key, l.host AS host, l.task AS task, l.instanceId AS instance, l.ticks AS ticks, l.evidence AS evidence
