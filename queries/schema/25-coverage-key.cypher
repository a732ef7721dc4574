// Makes the key of coverage unique, which also finds it by it.
//
// access   write

CREATE CONSTRAINT coverage_key IF NOT EXISTS
FOR (n:Coverage)
REQUIRE n.key IS UNIQUE
