// Empties the small graph of a test.
MATCH (n)
DETACH DELETE n
