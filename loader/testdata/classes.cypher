MATCH (n:ComClass|Module)
RETURN labels(n)[0] AS from, null AS type, null AS to, properties(n) AS properties
UNION ALL
MATCH (a)-[r:CHANGED_CLASS|LOADED|HANDLED_BY]->(b)
RETURN labels(a)[0] + ' ' + coalesce(a.name, a.key) AS from, type(r) AS type, labels(b)[0] + ' ' + coalesce(b.classId, b.key) AS to, properties(r) AS properties
