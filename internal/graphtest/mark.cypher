// Marks an empty database as one that tests may wipe; does nothing to any other.
//
// access   write
// returns  marks  INTEGER  how many marks were made

OPTIONAL MATCH (n)
WITH count(n) AS nodes
WHERE nodes = 0
CREATE (mark:TaskrootTestDatabase {madeAt: datetime()})
RETURN count(mark) AS marks
