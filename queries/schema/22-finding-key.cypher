// Makes the key of findings unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT finding_key IF NOT EXISTS
FOR (n:Finding)
REQUIRE n.key IS UNIQUE
