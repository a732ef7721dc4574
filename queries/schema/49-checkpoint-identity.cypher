// Finds checkpoints by the file that they are of.
//
// access   write

CREATE INDEX checkpoint_identity IF NOT EXISTS
FOR (n:Checkpoint)
ON (n.identity)
