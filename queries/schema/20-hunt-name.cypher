// Makes the name of hunts unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT hunt_name IF NOT EXISTS
FOR (n:Hunt)
REQUIRE n.name IS UNIQUE
