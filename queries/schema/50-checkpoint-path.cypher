// Finds checkpoints by where their file was seen.
//
// access   write

CREATE INDEX checkpoint_path IF NOT EXISTS
FOR (n:Checkpoint)
ON (n.path)
