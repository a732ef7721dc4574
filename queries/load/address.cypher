// Notes which addresses hosts had, and when.
//
// access   write
// param    rows      LIST<LIST<ANY>>  host key, IP, firstSeen, lastSeen
// returns  host      STRING           host key
// returns  isNew     BOOLEAN          the host was not known to have the address
//
// :param rows => []

UNWIND $rows AS r
MATCH (h:Host {key: r[0]})
MERGE (a:Address {key: r[1]})
MERGE (h)-[has:HAS_ADDRESS]->(a)
WITH h, a, has, r, has.firstSeen IS NULL AS isNew
SET a.firstSeen = CASE WHEN a.firstSeen < r[2] THEN a.firstSeen ELSE r[2] END,
    a.lastSeen = CASE WHEN a.lastSeen > r[3] THEN a.lastSeen ELSE r[3] END,
    has.firstSeen = CASE WHEN has.firstSeen < r[2] THEN has.firstSeen ELSE r[2] END,
    has.lastSeen = CASE WHEN has.lastSeen > r[3] THEN has.lastSeen ELSE r[3] END
RETURN h.key AS host, isNew
