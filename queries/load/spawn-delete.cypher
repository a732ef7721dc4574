// Takes off edges from tasks to processes that no longer hold.
//
// access   write
// param    rows      LIST<LIST<STRING>>  task key, process key, relationship type
//
// :param rows => []

UNWIND $rows AS r
MATCH (:Task {key: r[0]})-[s:SPAWNED|MAY_HAVE_SPAWNED]->(:Process {key: r[1]})
WHERE type(s) = r[2]
DELETE s
