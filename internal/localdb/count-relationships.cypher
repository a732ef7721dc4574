// How many relationships there are. It is read from the store's own counts, so it costs nothing.
//
// access   read
// returns  relationships  INTEGER  all relationships

MATCH ()-[r]->()
RETURN count(r) AS relationships
