// Finds logons of persons by host and at.
//
// access   write

CREATE INDEX access_person_host_at IF NOT EXISTS
FOR (n:Access)
ON (n.personHost, n.at)
