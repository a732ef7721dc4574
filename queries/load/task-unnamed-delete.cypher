// Deletes inferred tasks that no process is left of, after moving what was found about them to the
// task that took the process over.
//
// access   write
// param    rows      LIST<LIST<STRING>>  key of the inferred task, key of the named one or null
//
// :param rows => []

UNWIND $rows AS r
MATCH (t:Task {key: r[0], named: false})
WHERE NOT EXISTS { (t)-[:SPAWNED|MAY_HAVE_SPAWNED]->(:Process) }
OPTIONAL MATCH (named:Task {key: r[1]})
OPTIONAL MATCH (f:Finding)-[about:ABOUT]->(t)
FOREACH (_ IN CASE WHEN f IS NULL OR named IS NULL THEN [] ELSE [1] END | MERGE (f)-[:ABOUT]->(named))
WITH DISTINCT t
DETACH DELETE t
