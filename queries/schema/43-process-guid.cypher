// Finds processes by guid.
//
// access   write

CREATE INDEX process_guid IF NOT EXISTS
FOR (n:Process)
ON (n.guid)
