// Takes a successful run of a hunt out of what counts; no row where there is no
// such run.
//
// access   write
// param    run     STRING          id of the run
// param    now     ZONED DATETIME  when it is taken back
// returns  hunt    STRING          the hunt's name
// returns  label   STRING          the label it writes
// returns  status  STRING          what the run's status was before: running, ok, failed, retracted
//
// :param run => 'task-to-rare-domain-1'
// :param now => datetime('2024-05-01T00:00:00Z')

MATCH (r:HuntRun {id: $run})
MATCH (h:Hunt {name: r.hunt})
SET h.lockedAt = datetime()
WITH r, r.status AS status
CALL (r, status) {
  WITH r
  WHERE status = 'ok'
  SET r.status = 'retracted',
      r.retractedAt = $now
}
RETURN r.hunt AS hunt, r.label AS label, status
