// Makes the key of endpoints unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT endpoint_key IF NOT EXISTS
FOR (n:Endpoint)
REQUIRE n.key IS UNIQUE
