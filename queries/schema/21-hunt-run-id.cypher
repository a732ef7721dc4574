// Makes the id of runs unique, which also finds them by it.
//
// access   write

CREATE CONSTRAINT hunt_run_id IF NOT EXISTS
FOR (n:HuntRun)
REQUIRE n.id IS UNIQUE
