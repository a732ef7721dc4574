MATCH (p:Process)
RETURN p.key AS key, p.host AS host, p.guid AS guid, p.pid AS pid, p.image AS image, p.startedAt AS startedAt, p.observed AS observed
