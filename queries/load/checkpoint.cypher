// Notes how far followed files were taken, unless another follower has moved a checkpoint meanwhile.
//
// access   write
// param    at        ZONED DATETIME   now
// param    import    STRING           id of the import that took it
// param    rows      LIST<LIST<ANY>>  key, changes so far, path, identity, kind, offset, ordinal, hash of the head, its length, hash of the tail, done, given, events, modified or null, record, clock
// returns  written   INTEGER          how many were as expected
//
// :param at => datetime('2024-05-01T00:00:00Z')
// :param import => 'example'
// :param rows => []

UNWIND $rows AS row
MERGE (c:Checkpoint {key: row[0]})
  ON CREATE SET c.round = 0,
                c.firstSeen = $at
WITH c, row
WHERE c.round = row[1]
SET c.round = row[1] + 1,
    c.lastSeen = $at,
    c.import = $import,
    c.path = row[2],
    c.identity = row[3],
    c.kind = row[4],
    c.offset = row[5],
    c.ordinal = row[6],
    c.head = row[7],
    c.headLength = row[8],
    c.tail = row[9],
    c.done = row[10],
    c.given = row[11],
    c.events = row[12],
    c.modified = row[13],
    c.record = row[14],
    c.clock = row[15]
RETURN count(c) AS written
