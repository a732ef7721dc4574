// Makes the span of inferred tasks that of the processes they started.
//
// access   write
// param    keys      LIST<STRING>  keys of tasks
//
// :param keys => []

UNWIND $keys AS key
MATCH (t:Task {key: key, named: false})-[s:SPAWNED|MAY_HAVE_SPAWNED]->(:Process)
USING INDEX SEEK t:Task(key)
WITH t, min(s.at) AS first, max(s.at) AS last
SET t.firstSeen = first,
    t.lastSeen = last
WITH t, first, last
MATCH (t)-[on:ON]->(:Host)
SET on.firstSeen = first,
    on.lastSeen = last
