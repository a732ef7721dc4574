// Makes sure that tasks exist on their hosts and rewrites what follows from their facts.
//
// access   write
// param    rows      LIST<LIST<ANY>>  key, host, path, name, author, principal, runLevel, hidden, enabled, createdAt, deletedAt, registered, named, firstSeen, lastSeen, evidence, facts, path as runs write it, listed, sdMissing, treeIndex
//
// :param rows => []

UNWIND $rows AS r
MERGE (t:Task {key: r[0]})
SET t.host = r[1],
    t.path = r[2],
    t.name = r[3],
    t.author = r[4],
    t.principal = r[5],
    t.runLevel = r[6],
    t.hidden = r[7],
    t.enabled = r[8],
    t.createdAt = r[9],
    t.deletedAt = r[10],
    t.registered = r[11],
    t.named = r[12],
    t.firstSeen = CASE WHEN t.firstSeen < r[13] THEN t.firstSeen ELSE r[13] END,
    t.lastSeen = CASE WHEN t.lastSeen > r[14] THEN t.lastSeen ELSE r[14] END,
    t.evidence = r[15],
    t.facts = r[16],
    t.runPath = r[17],
    t.listed = r[18],
    t.sdMissing = r[19],
    t.treeIndex = r[20]
WITH t, r
MATCH (h:Host {key: r[1]})
MERGE (t)-[on:ON]->(h)
SET on.firstSeen = t.firstSeen,
    on.lastSeen = t.lastSeen
