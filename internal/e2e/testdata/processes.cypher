MATCH (p:Process)
RETURN p.key AS key, p.host AS host, p.guid AS guid, p.pid AS pid, p.name AS name, p.facts CONTAINS '"sysmon":{' AS sysmon,
  p.facts CONTAINS '"security":{' AS security,
  COLLECT { MATCH (q:Process)-[:SPAWNED]->(p) RETURN coalesce(q.guid, q.key) } AS parents,
  COLLECT { MATCH (t:Task)-[s:SPAWNED]->(p) RETURN coalesce(t.path, '?') } AS tasks,
  COLLECT { MATCH (t:Task)-[s:MAY_HAVE_SPAWNED]->(p) RETURN coalesce(t.path, '?') } AS candidates,
  COLLECT { MATCH (p)-[c:CONNECTED]->() UNWIND c.tuples AS tuple RETURN DISTINCT tuple } AS connected,
  COLLECT { MATCH (p)-[:RESOLVED]->(e) RETURN e.key } AS resolved
