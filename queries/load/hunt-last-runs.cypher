// The last run of each hunt that ended and was not taken back.
//
// access   read
// returns  hunt       STRING          the hunt's name
// returns  run        STRING          id of the run
// returns  status     STRING          ok or failed
// returns  error      STRING          what went wrong; null where nothing did
// returns  startedAt  ZONED DATETIME  when it started
// returns  endedAt    ZONED DATETIME  when it ended
// returns  rows       INTEGER         how many rows the query gave; null where it failed

MATCH (h:Hunt)
CALL (h) {
  MATCH (r:HuntRun {hunt: h.name})
  WHERE r.status IN ['ok', 'failed']
  RETURN r
  ORDER BY r.number DESC
  LIMIT 1
}
RETURN h.name AS hunt,
       r.id AS run,
       r.status AS status,
       r.error AS error,
       r.startedAt AS startedAt,
       r.endedAt AS endedAt,
       r.rows AS rows
ORDER BY hunt
