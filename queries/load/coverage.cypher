// Adds to what kinds of records hosts gave on a day: sets only, so that what is loaded twice changes nothing.
//
// Of many notes and gaps the least texts are kept, so that the order of loads makes no difference.
//
// access   write
// param    rows      LIST<LIST<ANY>>  key, host, day, events, kinds, notes, gaps, whether there are more gaps, firstSeen, lastSeen
//
// :param rows => []

UNWIND $rows AS r
MERGE (c:Coverage {key: r[0]})
ON CREATE SET c.firstSeen = r[8], c.lastSeen = r[9]
WITH r, c,
     COLLECT { UNWIND coalesce(c.events, []) + r[3] AS x RETURN DISTINCT x ORDER BY x } AS events,
     COLLECT { UNWIND coalesce(c.kinds, []) + r[4] AS x RETURN DISTINCT x ORDER BY x } AS kinds,
     COLLECT { UNWIND coalesce(c.notes, []) + r[5] AS x RETURN DISTINCT x ORDER BY x LIMIT 64 } AS notes,
     COLLECT { UNWIND coalesce(c.gaps, []) + r[6] AS x RETURN DISTINCT x ORDER BY x LIMIT 33 } AS gaps
SET c.host = r[1],
    c.day = r[2],
    c.events = events,
    c.kinds = kinds,
    c.notes = notes,
    c.gaps = gaps[..32],
    c.moreGaps = CASE WHEN r[7] OR c.moreGaps OR size(gaps) > 32 THEN true ELSE null END,
    c.firstSeen = CASE WHEN r[8] < c.firstSeen THEN r[8] ELSE c.firstSeen END,
    c.lastSeen = CASE WHEN r[9] > c.lastSeen THEN r[9] ELSE c.lastSeen END
