// Finds processes by rootHost and startedAt.
//
// access   write

CREATE INDEX process_root_host_started_at IF NOT EXISTS
FOR (n:Process)
ON (n.rootHost, n.startedAt)
