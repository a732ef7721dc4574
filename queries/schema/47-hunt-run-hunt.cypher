// Finds runs by their hunt.
//
// access   write

CREATE INDEX hunt_run_hunt IF NOT EXISTS
FOR (n:HuntRun)
ON (n.hunt)
