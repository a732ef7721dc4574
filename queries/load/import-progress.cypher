// Notes how far an import has come; the tally is JSON.
//
// access   write
// param    id        STRING          its id
// param    at        ZONED DATETIME  now
// param    status    STRING          running, done, stopped or failed
// param    tally     STRING          the tally as JSON
// param    rejected  INTEGER         bytes of its reject file that belong to the tally
//
// :param id => 'example'
// :param at => datetime('2024-05-01T00:00:00Z')
// :param status => 'running'
// :param tally => '{}'
// :param rejected => 0

MATCH (i:Import {id: $id})
SET i.lastSeen = $at,
    i.status = $status,
    i.tally = $tally,
    i.rejectBytes = $rejected,
    i.endedAt = CASE WHEN $status = 'running' THEN null ELSE $at END
