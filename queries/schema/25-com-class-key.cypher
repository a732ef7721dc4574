// Makes the key of COM classes unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT com_class_key IF NOT EXISTS
FOR (n:ComClass)
REQUIRE n.key IS UNIQUE
