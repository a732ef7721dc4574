// Ties tasks to the COM classes that any version of their definitions has as a handler.
//
// access   write
// param    keys      LIST<STRING>  keys of tasks
// returns  class     STRING        key of a class that was tied
//
// :param keys => []

UNWIND $keys AS key
MATCH (t:Task {key: key})-[d:DEFINED]->(def:TaskDefinition)
UNWIND def.comHandlers AS id
WITH t, id, min(d.firstSeen) AS first, max(d.lastSeen) AS last
WHERE size(id) = 36
MERGE (c:ComClass {key: t.host + '|' + id})
SET c.host = t.host,
    c.classId = id
MERGE (t)-[h:HANDLED_BY]->(c)
SET h.firstSeen = first,
    h.lastSeen = last
RETURN c.key AS class
