// Deletes some relationships; run again until none are left.
//
// access   write
// param    rows     INTEGER  delete at most this many
// returns  deleted  INTEGER  how many were deleted

MATCH ()-[r]->()
WITH r
LIMIT $rows
DELETE r
RETURN count(*) AS deleted
