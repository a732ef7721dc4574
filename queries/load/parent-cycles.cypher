// Breaks rings of parents, which only false records can make, at the edges whose parent is not older than the child.
//
// access   write
// param    keys      LIST<STRING>  keys of children whose parent was just written
//
// :param keys => []

UNWIND $keys AS key
MATCH (c:Process {key: key})
MATCH (c) ((:Process)<-[up:SPAWNED]-(:Process))+ (c)
UNWIND up AS edge
WITH DISTINCT edge
WHERE edge.skewed
DELETE edge
