// Takes off what processes are no longer known to have done to tasks.
//
// access   write
// param    rows      LIST<LIST<STRING>>  process key, task key, relationship type
//
// :param rows => []

UNWIND $rows AS r
MATCH (:Process {key: r[0]})-[d:CREATED|UPDATED|DELETED|ENABLED|DISABLED]->(:Task {key: r[1]})
WHERE type(d) = r[2]
DELETE d
