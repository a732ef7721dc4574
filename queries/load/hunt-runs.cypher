// Runs of hunts, newest first.
//
// access   read
// param    hunt        STRING          only runs of this hunt; null for all
// param    maxRows     INTEGER         at most this many
// returns  run         STRING          id of the run
// returns  hunt        STRING          the hunt's name
// returns  version     STRING          hash of the query's text
// returns  parameters  STRING          JSON
// returns  status      STRING          running, ok, failed, retracted
// returns  error       STRING          what went wrong; null where nothing did
// returns  startedAt   ZONED DATETIME  when it started
// returns  endedAt     ZONED DATETIME  when it ended; null while it runs
// returns  rows        INTEGER         how many rows the query gave; null where it gave none
// returns  labelled    INTEGER         how many nodes got the label
// returns  unlabelled  INTEGER         how many lost it
//
// :param hunt => null
// :param maxRows => 50

MATCH (r:HuntRun)
WHERE $hunt IS NULL OR r.hunt = $hunt
RETURN r.id AS run,
       r.hunt AS hunt,
       r.version AS version,
       r.parameters AS parameters,
       r.status AS status,
       r.error AS error,
       r.startedAt AS startedAt,
       r.endedAt AS endedAt,
       r.rows AS rows,
       r.labelled AS labelled,
       r.unlabelled AS unlabelled
ORDER BY r.startedAt DESC, r.hunt, r.number DESC
LIMIT $maxRows
