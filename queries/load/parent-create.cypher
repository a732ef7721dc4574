// Ties processes to their parents and says how many ends were found.
//
// access   write
// param    rows      LIST<LIST<ANY>>  parent key, child key, at, via, confidence, evidence, parent not older than child or null
// returns  written   INTEGER          edges made; fewer than rows means that a process is missing
//
// :param rows => []

UNWIND $rows AS r
MATCH (parent:Process {key: r[0]})
MATCH (child:Process {key: r[1]})
CREATE (parent)-[:SPAWNED {
  at: r[2], via: r[3], confidence: r[4], evidence: r[5], firstSeen: r[2], lastSeen: r[2], skewed: r[6]
}]->(child)
RETURN count(*) AS written
