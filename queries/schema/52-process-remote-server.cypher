// Finds processes by remoteServer.
//
// access   write

CREATE INDEX process_remote_server IF NOT EXISTS
FOR (n:Process)
ON (n.remoteServer)
