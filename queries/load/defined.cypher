// Replaces the versions of what tasks do.
//
// access   write
// param    rows      LIST<LIST<ANY>>  task key, list of [definition key, from, to, first seen, assumed, unlogged]
//
// :param rows => []

UNWIND $rows AS r
MATCH (t:Task {key: r[0]})
OPTIONAL MATCH (t)-[old:DEFINED]->(:TaskDefinition)
DELETE old
WITH DISTINCT t, r
UNWIND r[1] AS v
MATCH (d:TaskDefinition {key: v[0]})
CREATE (t)-[:DEFINED {from: v[1], to: v[2], firstSeen: v[3], lastSeen: coalesce(v[2], v[3]), assumed: v[4], unlogged: v[5]}]->(d)
