// Writes which endpoints the network saw an address connect to.
//
// Rows are lists: client's address, endpoint, count, firstSeen, lastSeen, times, ips, via, timesTruncated, tuples,
// evidence, ports, protocols.
//
// access   write
// param    rows      LIST<LIST<ANY>>  the edges
// returns  written   INTEGER          edges made or rewritten; fewer than rows means that an endpoint is missing
//
// :param rows => []

UNWIND $rows AS r
MATCH (e:Endpoint {key: r[1]})
MERGE (a:Address {key: r[0]})
MERGE (a)-[f:FLOWED]->(e)
SET f.count = r[2],
    f.firstSeen = r[3],
    f.lastSeen = r[4],
    f.times = r[5],
    f.ips = r[6],
    f.via = r[7],
    f.timesTruncated = r[8],
    f.tuples = r[9],
    f.evidence = r[10],
    f.ports = r[11],
    f.protocols = r[12]
RETURN count(*) AS written
