// Takes the mark away.
MATCH (m:TaskrootTestDatabase)
DELETE m
