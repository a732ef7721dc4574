// Makes the id of loads unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT import_id IF NOT EXISTS
FOR (n:Import)
REQUIRE n.id IS UNIQUE
