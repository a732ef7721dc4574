// Finds processes by unit.
//
// access   write

CREATE INDEX process_unit IF NOT EXISTS
FOR (n:Process)
ON (n.unit)
