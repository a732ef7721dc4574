// Deletes processes that no fact speaks of any more.
//
// access   write
// param    keys      LIST<STRING>  their keys
//
// :param keys => []

UNWIND $keys AS key
MATCH (p:Process {key: key})
DETACH DELETE p
