// Unties tasks from the COM classes that no version of their definitions has as a handler any more.
//
// access   write
// param    keys      LIST<STRING>  keys of tasks
// returns  class     STRING        key of a class that was untied
//
// :param keys => []

UNWIND $keys AS key
MATCH (t:Task {key: key})-[h:HANDLED_BY]->(c:ComClass)
WHERE NOT EXISTS { (t)-[:DEFINED]->(def:TaskDefinition) WHERE c.classId IN def.comHandlers }
WITH h, c.key AS class
DELETE h
RETURN class
