// Makes the key of tasks unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT task_key IF NOT EXISTS
FOR (n:Task)
REQUIRE n.key IS UNIQUE
