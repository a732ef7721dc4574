// Says which accounts created, changed, deleted, enabled or disabled tasks.
//
// access   write
// param    rows      LIST<LIST<ANY>>  user key, user name, sids, task key, relationship type, times, firstSeen, lastSeen, evidence
//
// :param rows => []

UNWIND $rows AS r
MATCH (t:Task {key: r[3]})
MERGE (u:User {key: r[0]})
ON CREATE SET u.sids = [], u.firstSeen = r[6], u.lastSeen = r[7]
SET u.name = CASE WHEN r[1] IS NULL OR u.name > r[1] THEN u.name ELSE r[1] END,
    u.sids = u.sids + [sid IN r[2] WHERE NOT sid IN u.sids],
    u.firstSeen = CASE WHEN r[6] < u.firstSeen THEN r[6] ELSE u.firstSeen END,
    u.lastSeen = CASE WHEN r[7] > u.lastSeen THEN r[7] ELSE u.lastSeen END
MERGE (u)-[d:$(r[4])]->(t)
SET d.times = r[5],
    d.count = size(r[5]),
    d.firstSeen = r[6],
    d.lastSeen = r[7],
    d.evidence = r[8]
