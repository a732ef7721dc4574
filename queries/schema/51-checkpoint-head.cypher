// Finds checkpoints by how their file begins.
//
// access   write

CREATE INDEX checkpoint_head IF NOT EXISTS
FOR (n:Checkpoint)
ON (n.head)
