// Takes off the edge from its parent of each process.
//
// access   write
// param    keys      LIST<STRING>  keys of the children
//
// :param keys => []

UNWIND $keys AS key
MATCH (:Process)-[s:SPAWNED]->(:Process {key: key})
DELETE s
