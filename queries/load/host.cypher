// Makes sure that hosts exist and widens what is known of them.
//
// access   write
// param    rows      LIST<LIST<ANY>>  key, name, firstSeen, lastSeen, has Sysmon starts without a PID, has a parent with a GUID not older than its child
//
// :param rows => []

UNWIND $rows AS r
MERGE (h:Host {key: r[0]})
ON CREATE SET h.name = r[1], h.firstSeen = r[2], h.lastSeen = r[3]
SET h.name = CASE WHEN r[1] < h.name THEN r[1] ELSE h.name END,
    h.firstSeen = CASE WHEN r[2] < h.firstSeen THEN r[2] ELSE h.firstSeen END,
    h.lastSeen = CASE WHEN r[3] > h.lastSeen THEN r[3] ELSE h.lastSeen END,
    h.pidless = CASE WHEN r[4] OR h.pidless THEN true ELSE null END,
    h.skewed = CASE WHEN r[5] OR h.skewed THEN true ELSE null END
