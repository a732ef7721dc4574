// Finds accesses by host and at.
//
// access   write

CREATE INDEX access_host_at IF NOT EXISTS
FOR (n:Access)
ON (n.host, n.at)
