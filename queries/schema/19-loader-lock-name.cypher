// Makes the name of locks unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT loader_lock_name IF NOT EXISTS
FOR (n:LoaderLock)
REQUIRE n.name IS UNIQUE
