// Makes sure that what hosts saw of logons and of calls from the network is kept.
//
// access   write
// param    rows      LIST<LIST<ANY>>  key, host, kind, at, logonId, user, logonType, ip, port, target, host if a person logged on else null, evidence
//
// :param rows => []

UNWIND $rows AS r
MERGE (a:Access {key: r[0]})
ON CREATE SET a.firstSeen = r[3], a.lastSeen = r[3], a.evidence = r[11]
SET a.host = r[1],
    a.kind = r[2],
    a.at = CASE WHEN a.at < r[3] THEN a.at ELSE r[3] END,
    a.logonId = r[4],
    a.user = r[5],
    a.logonType = r[6],
    a.ip = r[7],
    a.port = r[8],
    a.target = r[9],
    a.personHost = r[10],
    a.firstSeen = CASE WHEN r[3] < a.firstSeen THEN r[3] ELSE a.firstSeen END,
    a.lastSeen = CASE WHEN r[3] > a.lastSeen THEN r[3] ELSE a.lastSeen END
