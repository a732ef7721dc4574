// Writes which endpoints processes may have connected to, by what the network saw.
//
// Rows are lists: process, endpoint, count, firstSeen, lastSeen, times, ips, ports, protocols, via, sources, confidence,
// timesTruncated, tuples, evidence.
//
// access   write
// param    rows      LIST<LIST<ANY>>  the edges
// returns  written   INTEGER          edges made or rewritten; fewer than rows means that an end is missing
//
// :param rows => []

UNWIND $rows AS r
MATCH (p:Process {key: r[0]})
MATCH (e:Endpoint {key: r[1]})
MERGE (p)-[c:MAY_HAVE_CONNECTED]->(e)
SET c.count = r[2],
    c.firstSeen = r[3],
    c.lastSeen = r[4],
    c.times = r[5],
    c.ips = r[6],
    c.ports = r[7],
    c.protocols = r[8],
    c.via = r[9],
    c.sources = r[10],
    c.confidence = r[11],
    c.timesTruncated = r[12],
    c.tuples = r[13],
    c.evidence = r[14]
RETURN count(*) AS written
