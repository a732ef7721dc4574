// Finds tasks by host.
//
// access   write

CREATE INDEX task_host IF NOT EXISTS
FOR (n:Task)
ON (n.host)
