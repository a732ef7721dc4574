// Makes the key of modules unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT module_key IF NOT EXISTS
FOR (n:Module)
REQUIRE n.key IS UNIQUE
