// Makes the key of addresses unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT address_key IF NOT EXISTS
FOR (n:Address)
REQUIRE n.key IS UNIQUE
