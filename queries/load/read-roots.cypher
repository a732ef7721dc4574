// Processes that a task may have started, in stretches of time, with the edges from tasks that they have.
//
// access   read
// param    windows   LIST<LIST<ANY>>  host, from, until
// returns  host      STRING   host key
// returns  key       STRING   of the process
// returns  startedAt ZONED DATETIME  start
// returns  facts     STRING   its facts as JSON
// returns  pid       INTEGER  PID, or null
// returns  guid      STRING   GUID, or null
// returns  evidence  LIST<STRING>  source records
// returns  parent    STRING   key of its parent, or null
// returns  parentPID  INTEGER  its parent's PID, or null
// returns  parentFacts  STRING  its parent's facts as JSON, or null
// returns  spawns    LIST<LIST<ANY>>  type, task key, at, via, confidence, instanceId, endedAt, result, trigger
//
// :param windows => []

UNWIND $windows AS w
MATCH (p:Process {rootHost: w[0]})
WHERE p.startedAt >= w[1]
  AND p.startedAt <= w[2]
OPTIONAL MATCH (q:Process)-[:SPAWNED]->(p)
RETURN p.host AS host, p.key AS key, p.startedAt AS startedAt, p.facts AS facts, p.pid AS pid, p.guid AS guid,
  p.evidence AS evidence, q.key AS parent, q.pid AS parentPID, q.facts AS parentFacts,
  COLLECT {
    MATCH (t:Task)-[s:SPAWNED|MAY_HAVE_SPAWNED]->(p)
    RETURN [type(s), t.key, s.at, s.via, coalesce(s.confidence, s.weight), s.instanceId, s.endedAt, s.result, s.trigger]
  } AS spawns
