// Makes the name of domains unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT domain_name IF NOT EXISTS
FOR (n:Domain)
REQUIRE n.name IS UNIQUE
