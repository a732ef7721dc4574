// Ends a run of a hunt and gives the hunt free; no row where the runner has lost
// its lease, and then nothing is changed.
//
// access   write
// param    hunt    STRING          the hunt's name
// param    holder  STRING          the token of the runner that began the run
// param    run     STRING          id of the run
// param    status  STRING          ok or failed
// param    error   STRING          what went wrong; null where nothing did
// param    rows    INTEGER         how many rows the query gave; null where it failed
// param    now     ZONED DATETIME  when the run ended
// returns  run     STRING          id of the run
//
// :param hunt => 'task-to-rare-domain'
// :param holder => 'me'
// :param run => 'task-to-rare-domain-1'
// :param status => 'ok'
// :param error => null
// :param rows => 0
// :param now => datetime('2024-05-01T00:00:00Z')

MATCH (h:Hunt {name: $hunt})
SET h.lockedAt = datetime()
WITH h
WHERE h.holder = $holder
MATCH (r:HuntRun {id: $run})
SET r.status = $status,
    r.error = $error,
    r.rows = $rows,
    r.endedAt = $now
REMOVE h.holder, h.leaseUntil
RETURN r.id AS run
