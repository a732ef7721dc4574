// Makes the key of hosts unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT host_key IF NOT EXISTS
FOR (n:Host)
REQUIRE n.key IS UNIQUE
