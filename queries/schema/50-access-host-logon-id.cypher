// Finds accesses by host and logonId.
//
// access   write

CREATE INDEX access_host_logon_id IF NOT EXISTS
FOR (n:Access)
ON (n.host, n.logonId)
