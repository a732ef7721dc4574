// Finds processes by handHost and startedAt.
//
// access   write

CREATE INDEX process_hand_host_started_at IF NOT EXISTS
FOR (n:Process)
ON (n.handHost, n.startedAt)
