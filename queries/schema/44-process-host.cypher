// Finds processes by host.
//
// access   write

CREATE INDEX process_host IF NOT EXISTS
FOR (n:Process)
ON (n.host)
