// Stored processes by key, by unit (host and PID), by their parents' units, or by second of their start.
//
// access   read
// param    keys         LIST<STRING>  keys
// param    units        LIST<STRING>  host|pid
// param    parentUnits  LIST<STRING>  host|pid of parents named by PID only
// param    seconds      LIST<STRING>  host|t|epoch second
// returns  key          STRING   key
// returns  host         STRING   host key
// returns  guid         STRING   GUID, or null
// returns  pid          INTEGER  PID, or null
// returns  facts        STRING   the facts as JSON
// returns  firstSeen    ZONED DATETIME  first sighting
// returns  lastSeen     ZONED DATETIME  last sighting
// returns  evidence     LIST<STRING>  source records
// returns  pidTalk      BOOLEAN  some contacts are bound by PID only
// returns  root         BOOLEAN  a task may have started it
// returns  parent       STRING   key of its parent, or null
// returns  parentVia    STRING   how that is known
// returns  parentConfidence  FLOAT  how sure that is
//
// :param keys => []
// :param units => []
// :param parentUnits => []
// :param seconds => []

CALL () {
  UNWIND $keys AS k
  MATCH (p:Process {key: k})
  RETURN p
  UNION
  UNWIND $units AS k
  MATCH (p:Process {unit: k})
  RETURN p
  UNION
  UNWIND $parentUnits AS k
  MATCH (p:Process {parentUnit: k})
  RETURN p
  UNION
  UNWIND $seconds AS k
  MATCH (p:Process {second: k})
  RETURN p
}
OPTIONAL MATCH (q:Process)-[s:SPAWNED]->(p)
RETURN p.key AS key, p.host AS host, p.guid AS guid, p.pid AS pid, p.facts AS facts, p.firstSeen AS firstSeen,
  p.lastSeen AS lastSeen, p.evidence AS evidence, coalesce(p.pidTalk, false) AS pidTalk,
  p.rootHost IS NOT NULL AS root, q.key AS parent, s.via AS parentVia, s.confidence AS parentConfidence
