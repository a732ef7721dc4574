// Writes what a run found: a finding for each row, its link to the target, and the
// run's own copy of the values on the link from the run.
//
// A finding holds the values of the newest run; the copies are what a retraction
// restores it from. A target that is gone since the query ran yields no finding.
//
// access   write
// param    hunt   STRING          the hunt's name
// param    run    STRING          id of the run
// param    now    ZONED DATETIME  when the run started
// param    rows   LIST<LIST<ANY>>  [finding key, target's element id, target's key, destination, score, reasons, chain, evidence], the last three JSON
// returns  found  INTEGER         how many findings were written
//
// :param hunt => 'task-to-rare-domain'
// :param run => 'task-to-rare-domain-1'
// :param now => datetime('2024-05-01T00:00:00Z')
// :param rows => []

MATCH (r:HuntRun {id: $run})
UNWIND $rows AS row
MATCH (target)
WHERE elementId(target) = row[1] AND coalesce(target.key, target.name) = row[2]
MERGE (f:Finding {key: row[0]})
ON CREATE SET f.hunt = $hunt, f.firstFound = $now
SET f.destination = row[3],
    f.score = row[4],
    f.reasons = row[5],
    f.chain = row[6],
    f.evidence = row[7],
    f.lastFound = $now
MERGE (f)-[:ABOUT]->(target)
CREATE (r)-[c:FOUND]->(f)
SET c.score = row[4],
    c.reasons = row[5],
    c.chain = row[6],
    c.evidence = row[7]
RETURN count(f) AS found
