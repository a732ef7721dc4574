// Makes the key of definitions unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT task_definition_key IF NOT EXISTS
FOR (n:TaskDefinition)
REQUIRE n.key IS UNIQUE
