// Makes the key of checkpoints unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT checkpoint_key IF NOT EXISTS
FOR (n:Checkpoint)
REQUIRE n.key IS UNIQUE
