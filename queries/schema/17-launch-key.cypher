// Makes the key of launches unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT launch_key IF NOT EXISTS
FOR (n:Launch)
REQUIRE n.key IS UNIQUE
