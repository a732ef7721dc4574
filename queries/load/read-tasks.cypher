// Stored tasks with their facts.
//
// access   read
// param    keys       LIST<STRING>  keys
// returns  key        STRING   key
// returns  host       STRING   host key
// returns  facts      STRING   the facts as JSON
// returns  runPath    STRING   path as runs write it, or null
// returns  firstSeen  ZONED DATETIME  first sighting
// returns  lastSeen   ZONED DATETIME  last sighting
// returns  evidence   LIST<STRING>  source records
//
// :param keys => []

UNWIND $keys AS key
MATCH (t:Task {key: key})
RETURN key, t.host AS host, t.facts AS facts, t.runPath AS runPath, t.firstSeen AS firstSeen, t.lastSeen AS lastSeen,
  t.evidence AS evidence
