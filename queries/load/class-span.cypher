// Works out when classes were first and last seen: changed, or named by a definition of a task. Those
// that nothing speaks of any more go.
//
// access   write
// param    keys      LIST<STRING>  keys of classes
//
// :param keys => []

UNWIND $keys AS key
MATCH (c:ComClass {key: key})
OPTIONAL MATCH (c)<-[h:HANDLED_BY]-(:Task)
WITH c, min(h.firstSeen) AS first, max(h.lastSeen) AS last
SET c.firstSeen = CASE WHEN c.changedFirst < first OR first IS NULL THEN c.changedFirst ELSE first END,
    c.lastSeen = CASE WHEN c.changedLast > last OR last IS NULL THEN c.changedLast ELSE last END
WITH c
WHERE c.firstSeen IS NULL
DETACH DELETE c
