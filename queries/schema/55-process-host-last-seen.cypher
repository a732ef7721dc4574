// Finds processes by host and lastSeen.
//
// access   write

CREATE INDEX process_host_last_seen IF NOT EXISTS
FOR (n:Process)
ON (n.host, n.lastSeen)
