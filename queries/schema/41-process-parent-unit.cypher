// Finds processes by parentUnit.
//
// access   write

CREATE INDEX process_parent_unit IF NOT EXISTS
FOR (n:Process)
ON (n.parentUnit)
