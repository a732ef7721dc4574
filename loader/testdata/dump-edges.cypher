MATCH (a)-[r]->(b)
WHERE NOT a:Import
RETURN type(r) AS type, coalesce(a.key, a.name) AS from, coalesce(b.key, b.name) AS to, properties(r) AS properties
