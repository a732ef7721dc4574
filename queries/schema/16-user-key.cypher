// Makes the key of accounts unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT user_key IF NOT EXISTS
FOR (n:User)
REQUIRE n.key IS UNIQUE
