// Brings a hunt's label in line with its newest successful run: it is set where a
// finding of that run is about the node, removed where an older finding is and none
// of that run; where no such run is left it is removed everywhere.
//
// Only the difference is written. Nodes are reached from the hunt's findings, for
// a label that is a parameter can't use an index.
//
// access   write
// param    hunt        STRING   the hunt's name
// param    label       STRING   the label, from the list of those that hunts may write
// param    run         STRING   the run whose record gets the numbers; null for none
// returns  labelled    INTEGER  how many nodes got the label
// returns  unlabelled  INTEGER  how many lost it
//
// :param hunt => 'task-to-rare-domain'
// :param label => 'TrTaskToRareDomain'
// :param run => null

OPTIONAL MATCH (newest:HuntRun {hunt: $hunt, status: 'ok'})
WITH newest
ORDER BY newest.number DESC
LIMIT 1
CALL (newest) {
  MATCH (newest)-[:FOUND]->(:Finding)-[:ABOUT]->(target)
  WITH DISTINCT target
  WHERE NOT $label IN labels(target)
  SET target:$($label)
  RETURN count(target) AS labelled
}
CALL (newest) {
  MATCH (f:Finding {hunt: $hunt})-[:ABOUT]->(target)
  WITH DISTINCT newest, target
  WHERE $label IN labels(target)
    AND NOT EXISTS { (target)<-[:ABOUT]-(:Finding)<-[:FOUND]-(newest) }
  REMOVE target:$($label)
  RETURN count(target) AS unlabelled
}
CALL (labelled, unlabelled) {
  MATCH (r:HuntRun {id: $run})
  SET r.labelled = labelled,
      r.unlabelled = unlabelled
}
RETURN labelled, unlabelled
