// Rewrites the properties of stored processes; what is null is removed.
//
// Rows are as in process-create.
//
// access   write
// param    rows      LIST<LIST<ANY>>  the processes
//
// :param rows => []

UNWIND $rows AS r
MATCH (p:Process {key: r[0]})
SET p.host = r[1],
    p.pid = r[2],
    p.guid = r[3],
    p.image = r[4],
    p.name = r[5],
    p.commandLine = r[6],
    p.user = r[7],
    p.integrity = r[8],
    p.hashes = r[9],
    p.startedAt = r[10],
    p.endedAt = r[11],
    p.observed = r[12],
    p.firstSeen = r[13],
    p.lastSeen = r[14],
    p.evidence = r[15],
    p.unit = r[16],
    p.parentUnit = r[17],
    p.rootHost = r[18],
    p.second = r[19],
    p.pidTalk = r[20],
    p.facts = r[21],
    p.clock = r[22],
    p.logonId = r[23],
    p.remoteServer = r[24],
    p.remoteTask = r[25],
    p.decoded = r[26],
    p.askHost = r[27],
    p.handHost = r[28]
