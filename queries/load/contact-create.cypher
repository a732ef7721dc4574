// Creates network edges from processes to endpoints.
//
// Rows are lists: process, endpoint, type, count, firstSeen, lastSeen, times, ips, ports, protocols, via,
// nameConfidence, timesTruncated, tuples, evidence, answered, reverseNames, capped.
//
// access   write
// param    rows      LIST<LIST<ANY>>  the edges
// returns  written   INTEGER          edges made; fewer than rows means that an end is missing
//
// :param rows => []

UNWIND $rows AS r
MATCH (p:Process {key: r[0]})
MATCH (e:Endpoint {key: r[1]})
CREATE (p)-[c:$(r[2])]->(e)
SET c.count = r[3],
    c.firstSeen = r[4],
    c.lastSeen = r[5],
    c.times = r[6],
    c.ips = r[7],
    c.ports = r[8],
    c.protocols = r[9],
    c.via = r[10],
    c.nameConfidence = r[11],
    c.timesTruncated = r[12],
    c.tuples = r[13],
    c.evidence = r[14],
    c.answered = r[15],
    c.reverseNames = r[16],
    c.capped = r[17]
RETURN count(*) AS written
