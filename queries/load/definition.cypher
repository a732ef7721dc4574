// Makes sure that task definitions exist; hosts share them by content.
//
// access   write
// param    rows      LIST<LIST<ANY>>  key, xml, actions, triggers, commands, comHandlers, firstSeen, lastSeen, decoded
//
// :param rows => []

UNWIND $rows AS r
MERGE (d:TaskDefinition {key: r[0]})
ON CREATE SET d.xml = r[1], d.firstSeen = r[6], d.lastSeen = r[7]
SET d.actions = r[2],
    d.triggers = r[3],
    d.commands = r[4],
    d.comHandlers = r[5],
    d.decoded = r[8],
    d.xml = CASE WHEN d.xml IS NULL OR r[1] < d.xml THEN coalesce(r[1], d.xml) ELSE d.xml END,
    d.firstSeen = CASE WHEN r[6] < d.firstSeen THEN r[6] ELSE d.firstSeen END,
    d.lastSeen = CASE WHEN r[7] > d.lastSeen THEN r[7] ELSE d.lastSeen END
