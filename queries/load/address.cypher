// Notes which addresses hosts had, and when.
//
// access   write
// param    rows      LIST<LIST<ANY>>  host key, IP, firstSeen, lastSeen
// returns  host      STRING           host key
// returns  ip        STRING           address
// returns  isNew     BOOLEAN          the host was not known to have the address
// returns  wasFirst  ZONED DATETIME   when it was known to have it first, or null
// returns  wasLast   ZONED DATETIME   … and last
// returns  first     ZONED DATETIME   when it is known now to have it first
// returns  last      ZONED DATETIME   … and last
//
// :param rows => []

UNWIND $rows AS r
MATCH (h:Host {key: r[0]})
MERGE (a:Address {key: r[1]})
MERGE (h)-[has:HAS_ADDRESS]->(a)
WITH h, a, has, r, has.firstSeen AS wasFirst, has.lastSeen AS wasLast
SET a.firstSeen = CASE WHEN a.firstSeen < r[2] THEN a.firstSeen ELSE r[2] END,
    a.lastSeen = CASE WHEN a.lastSeen > r[3] THEN a.lastSeen ELSE r[3] END,
    has.firstSeen = CASE WHEN has.firstSeen < r[2] THEN has.firstSeen ELSE r[2] END,
    has.lastSeen = CASE WHEN has.lastSeen > r[3] THEN has.lastSeen ELSE r[3] END
RETURN h.key AS host, a.key AS ip, wasFirst IS NULL AS isNew, wasFirst, wasLast, has.firstSeen AS first, has.lastSeen AS last
