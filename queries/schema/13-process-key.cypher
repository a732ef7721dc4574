// Makes the key of processes unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT process_key IF NOT EXISTS
FOR (n:Process)
REQUIRE n.key IS UNIQUE
