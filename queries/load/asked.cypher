// Writes which names the network saw an address ask for.
//
// Rows are lists: client's address, endpoint, count, firstSeen, lastSeen, times, ips, via, timesTruncated, tuples,
// evidence, answered.
//
// access   write
// param    rows      LIST<LIST<ANY>>  the edges
// returns  written   INTEGER          edges made or rewritten; fewer than rows means that an endpoint is missing
//
// :param rows => []

UNWIND $rows AS r
MATCH (e:Endpoint {key: r[1]})
MERGE (a:Address {key: r[0]})
MERGE (a)-[q:ASKED]->(e)
SET q.count = r[2],
    q.firstSeen = r[3],
    q.lastSeen = r[4],
    q.times = r[5],
    q.ips = r[6],
    q.via = r[7],
    q.timesTruncated = r[8],
    q.tuples = r[9],
    q.evidence = r[10],
    q.answered = r[11]
RETURN count(*) AS written
