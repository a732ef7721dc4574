// Makes the key of accesses unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT access_key IF NOT EXISTS
FOR (n:Access)
REQUIRE n.key IS UNIQUE
