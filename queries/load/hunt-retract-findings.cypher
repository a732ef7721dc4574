// Takes back what a retracted run found: findings that no other run found go,
// the others get the values of the newest run that is left.
//
// A finding that somebody gave a label, a property or a relationship of their own
// stays, without a run; only its place among the answers is gone.
//
// access   write
// param    run       STRING   id of the run
// returns  removed   INTEGER  how many findings went
// returns  restored  INTEGER  how many were found by another run too
//
// :param run => 'task-to-rare-domain-1'

MATCH (gone:HuntRun {id: $run})-[c:FOUND]->(f:Finding)
DELETE c
WITH DISTINCT gone, f
CALL (f) {
  OPTIONAL MATCH (r:HuntRun)-[c:FOUND]->(f)
  WITH r, c
  ORDER BY r.number DESC
  RETURN collect({at: r.startedAt, score: c.score, reasons: c.reasons, chain: c.chain, evidence: c.evidence}) AS left, count(r) AS runs
}
CALL (gone, f, left, runs) {
  WITH gone, f, head(left) AS newest, last(left) AS oldest
  WHERE runs > 0
  SET f.score = newest.score,
      f.reasons = newest.reasons,
      f.chain = newest.chain,
      f.evidence = newest.evidence,
      f.lastFound = newest.at,
      f.firstFound = CASE WHEN f.firstFound = gone.startedAt THEN oldest.at ELSE f.firstFound END
  RETURN count(f) AS kept
}
CALL (f, runs) {
  WITH f
  WHERE runs = 0
    AND size(labels(f)) = 1
    AND all(k IN keys(f) WHERE k IN ['key', 'hunt', 'destination', 'score', 'reasons', 'chain', 'evidence', 'firstFound', 'lastFound'])
    AND NOT EXISTS { (f)<--() }
    AND NOT EXISTS { (f)-[x]->() WHERE type(x) <> 'ABOUT' }
  DETACH DELETE f
  RETURN count(*) AS dropped
}
RETURN coalesce(sum(dropped), 0) AS removed, coalesce(sum(kept), 0) AS restored
