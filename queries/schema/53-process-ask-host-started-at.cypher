// Finds processes by askHost and startedAt.
//
// access   write

CREATE INDEX process_ask_host_started_at IF NOT EXISTS
FOR (n:Process)
ON (n.askHost, n.startedAt)
