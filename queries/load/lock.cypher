// Takes the loaders' lock: a second loader waits here until the first one's transaction is over.
//
// access   write
// param    at        ZONED DATETIME  now
//
// :param at => datetime('2024-05-01T00:00:00Z')

MERGE (l:LoaderLock {name: 'settle'})
SET l.at = $at
