// Takes off what processes are no longer known to have done to tasks and classes, or to have loaded.
//
// access   write
// param    rows      LIST<LIST<STRING>>  process key, key of the other end, relationship type
//
// :param rows => []

UNWIND $rows AS r
MATCH (:Process {key: r[0]})-[d:CREATED|UPDATED|DELETED|ENABLED|DISABLED|CHANGED_CLASS|LOADED]->(:Task|ComClass|Module {key: r[1]})
WHERE type(d) = r[2]
DELETE d
