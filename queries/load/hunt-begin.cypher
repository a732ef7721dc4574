// Starts a run of a hunt, unless another runner holds the hunt.
//
// The first SET takes the hunt's write lock before the lease is read, so that of
// two runners that begin at once the second one sees the first one's lease. A run
// that was left unfinished by a runner that went away is closed as failed.
//
// access   write
// param    hunt        STRING          the hunt's name
// param    label       STRING          the label it writes
// param    version     STRING          hash of the query's text
// param    parameters  STRING          the parameters of this run, JSON
// param    holder      STRING          a token that only this runner knows
// param    lease       INTEGER         seconds until others may take the hunt over
// param    now         ZONED DATETIME  when the run starts
// returns  run         STRING          id of the run; null where the hunt is held
// returns  until       ZONED DATETIME  when the other runner's lease ends; null where there is none
//
// :param hunt => 'task-to-rare-domain'
// :param label => 'TrTaskToRareDomain'
// :param version => 'abc'
// :param parameters => '{}'
// :param holder => 'me'
// :param lease => 600
// :param now => datetime('2024-05-01T00:00:00Z')

MERGE (h:Hunt {name: $hunt})
SET h.lockedAt = datetime()
WITH h, h.leaseUntil AS until
WITH h, CASE WHEN until > datetime() THEN until END AS until
CALL (h, until) {
  WITH h
  WHERE until IS NULL
  SET h.holder = $holder,
      h.leaseUntil = datetime() + duration({seconds: $lease}),
      h.runs = coalesce(h.runs, 0) + 1
  WITH h
  CALL () {
    MATCH (old:HuntRun {hunt: $hunt, status: 'running'})
    SET old.status = 'failed',
        old.error = 'the runner went away before the run ended',
        old.endedAt = $now
  }
  CREATE (r:HuntRun {id: $hunt + '-' + toString(h.runs)})
  SET r.hunt = $hunt,
      r.number = h.runs,
      r.label = $label,
      r.version = $version,
      r.parameters = $parameters,
      r.startedAt = $now,
      r.status = 'running'
  RETURN collect(r.id) AS runs
}
RETURN head(runs) AS run, until
