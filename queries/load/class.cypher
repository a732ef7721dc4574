// Writes COM classes of hosts as the newest change of each setting has them.
//
// access   write
// param    rows      LIST<LIST<ANY>>  key, host, class id, server, per-user server, settings, kinds, paths of the servers, first change, last change, evidence, facts
//
// :param rows => []

UNWIND $rows AS r
MERGE (c:ComClass {key: r[0]})
SET c.host = r[1],
    c.classId = r[2],
    c.server = r[3],
    c.perUserServer = r[4],
    c.settings = r[5],
    c.kinds = r[6],
    c.modules = r[7],
    c.changedFirst = r[8],
    c.changedLast = r[9],
    c.evidence = r[10],
    c.facts = r[11]
