// Names what an import follows, and notes of earlier imports that followed the same and did not say their end that they were killed.
//
// access   write
// param    id        STRING          its id
// param    at        ZONED DATETIME  now
// param    follow    STRING          what it follows: the machine and the paths
//
// :param id => 'example'
// :param at => datetime('2024-05-01T00:00:00Z')
// :param follow => 'ws01 /var/log/windows'

MATCH (i:Import {id: $id})
SET i.follow = $follow
WITH i
MATCH (old:Import {follow: $follow, status: 'running'})
WHERE old.id <> i.id
SET old.status = 'killed',
    old.endedAt = $at
