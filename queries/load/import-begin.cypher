// Notes that an import has begun.
//
// access   write
// param    id        STRING          its id
// param    at        ZONED DATETIME  now
// param    paths     LIST<STRING>    what is loaded
//
// :param id => 'example'
// :param at => datetime('2024-05-01T00:00:00Z')
// :param paths => ['logs']

CREATE (i:Import {id: $id})
SET i.startedAt = $at,
    i.firstSeen = $at,
    i.lastSeen = $at,
    i.paths = $paths,
    i.status = 'running'
