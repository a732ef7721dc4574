// Deletes some nodes that have no relationships, but never the mark; run again until none are left.
//
// access   write
// param    rows     INTEGER  delete at most this many
// returns  deleted  INTEGER  how many were deleted

MATCH (n)
WHERE NOT n:TaskrootTestDatabase
WITH n
LIMIT $rows
DELETE n
RETURN count(*) AS deleted
