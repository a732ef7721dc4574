// Finds processes by second.
//
// access   write

CREATE INDEX process_second IF NOT EXISTS
FOR (n:Process)
ON (n.second)
