// How many nodes besides the mark, and how many relationships.
MATCH (n)
WHERE NOT n:TaskrootTestDatabase
WITH count(n) AS nodes
OPTIONAL MATCH ()-[r]->()
RETURN nodes, count(r) AS relationships
