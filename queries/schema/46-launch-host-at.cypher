// Finds launches by host and at.
//
// access   write

CREATE INDEX launch_host_at IF NOT EXISTS
FOR (n:Launch)
ON (n.host, n.at)
