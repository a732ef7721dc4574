MATCH (a)-[s:SPAWNED]->(p:Process)
RETURN a.key AS from, p.key AS to, a:Task AS task, a.path AS path, s.at AS at, s.via AS via
