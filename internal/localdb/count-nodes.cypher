// How many nodes there are. It is read from the store's own counts, so it costs nothing.
//
// access   read
// returns  nodes  INTEGER  all nodes

MATCH (n)
RETURN count(n) AS nodes
