// Finds coverage by host.
//
// access   write

CREATE INDEX coverage_host IF NOT EXISTS
FOR (n:Coverage)
ON (n.host)
