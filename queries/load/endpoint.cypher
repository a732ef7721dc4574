// Makes sure that endpoints exist and widens what is known of them.
//
// A name that only ever gave private addresses is internal; a public answer anywhere makes it public. Whether an
// answer was public or private is only ever added, so the order of loads does not matter.
//
// access   write
// param    rows      LIST<LIST<ANY>>  key, kind, fixed scope or null, gave a public answer, gave a private one, firstSeen, lastSeen, true for a web proxy else null
//
// :param rows => []

UNWIND $rows AS r
MERGE (e:Endpoint {key: r[0]})
ON CREATE SET e.firstSeen = r[5], e.lastSeen = r[6]
SET e.kind = r[1],
    e.proxy = r[7],
    e.gavePublic = coalesce(e.gavePublic, false) OR r[3],
    e.gavePrivate = coalesce(e.gavePrivate, false) OR r[4],
    e.firstSeen = CASE WHEN r[5] < e.firstSeen THEN r[5] ELSE e.firstSeen END,
    e.lastSeen = CASE WHEN r[6] > e.lastSeen THEN r[6] ELSE e.lastSeen END
SET e.scope = CASE
    WHEN r[2] IS NOT NULL THEN r[2]
    WHEN e.gavePrivate AND NOT e.gavePublic THEN 'internal'
    ELSE 'public'
  END
