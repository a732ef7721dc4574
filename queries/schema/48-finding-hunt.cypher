// Finds findings by their hunt, and from them the nodes that carry its label.
//
// access   write

CREATE INDEX finding_hunt IF NOT EXISTS
FOR (n:Finding)
ON (n.hunt)
