// Narrows processes known only from references by PID to the references that are left, and deletes those
// that nothing speaks of any more.
//
// access   write
// param    keys      LIST<STRING>  keys of processes
//
// :param keys => []

UNWIND $keys AS key
MATCH (p:Process {key: key, observed: false})
OPTIONAL MATCH (p)-[c:CONNECTED|RESOLVED|ACCEPTED|SPAWNED|CREATED|UPDATED|DELETED|ENABLED|DISABLED|CHANGED_CLASS|LOADED]->()
WITH p, min(c.firstSeen) AS first, max(c.lastSeen) AS last
WITH p,
  CASE WHEN first IS NULL OR p.endedAt < first THEN p.endedAt ELSE first END AS first,
  CASE WHEN last IS NULL OR p.endedAt > last THEN p.endedAt ELSE last END AS last
SET p.firstSeen = first,
    p.lastSeen = last
WITH p
WHERE p.lastSeen IS NULL
DETACH DELETE p
