// What telemetry each host gave on each day, and what is missing: the answer to "would we have seen it?".
//
// One row for each host and day with records. docs/coverage.md explains each gap, what it blinds and what closes it.
// Nothing is said to be missing of a day that only an inventory speaks of.
//
// access   read
// param    host      STRING = null          only this host
// param    since     ZONED DATETIME = null  only days with records at or after this instant
// param    until     ZONED DATETIME = null  only days with records before this instant
// param    onlyGaps  BOOLEAN = false        only days on which something is missing
// param    limit     INTEGER = 100          at most this many rows
// param    afterHost STRING = null          continue after the row with this host
// param    afterDay  STRING = null          … and this day
// returns  host      STRING                 the host
// returns  day       STRING                 the day, UTC
// returns  events    LIST<STRING>           the events that came: channel and id
// returns  kinds     LIST<STRING>           what they were about: start, contact, question, registration, run and so on
// returns  gaps      LIST<MAP>              what is missing: its code, and which log, records or offset
// returns  firstSeen ZONED DATETIME         the day's first record
// returns  lastSeen  ZONED DATETIME         and its last
//
// :param host => null
// :param since => null
// :param until => null
// :param onlyGaps => false
// :param limit => 25
// :param afterHost => null
// :param afterDay => null

MATCH (c:Coverage)
WHERE ($host IS NULL OR c.host = toLower($host))
  AND ($since IS NULL OR c.lastSeen >= $since)
  AND ($until IS NULL OR c.firstSeen < $until)
  AND ($afterHost IS NULL OR c.host > $afterHost OR (c.host = $afterHost AND c.day > $afterDay))
WITH c.host AS host, collect(c) AS days
ORDER BY host
// Days with launches of tasks whose registration nothing tells of.
CALL (host) {
  MATCH (t:Task {host: host})-[:RAN]->(l:Launch)
  WHERE NOT coalesce(t.registered, false) AND NOT coalesce(t.listed, false)
  RETURN collect(DISTINCT toString(date(l.at))) AS strangers
}
// Days with contacts of processes whose start nothing tells of, nor their parent.
CALL (host) {
  MATCH (p:Process {host: host})
  WHERE p.observed = false
    AND NOT EXISTS { (p)<-[:SPAWNED|MAY_HAVE_SPAWNED]-() }
  MATCH (p)-[e:CONNECTED|RESOLVED]->(:Endpoint)
  UNWIND e.times AS second
  RETURN collect(DISTINCT toString(date(datetime({epochSeconds: second})))) AS stubs
}
// Whether any registration of a task was ever recorded on the host.
CALL (host) {
  MATCH (all:Coverage {host: host})
  RETURN max(CASE WHEN 'registration' IN all.kinds THEN 1 ELSE 0 END) = 1 AS registers
}
UNWIND days AS c
WITH c, strangers, stubs, registers,
     c.kinds <> ['listing'] AS live,
     any(e IN c.events WHERE e STARTS WITH 'Microsoft-Windows-TaskScheduler/Operational/') AS scheduler
WITH c,
     [g IN [
       CASE WHEN live AND NOT 'start' IN c.kinds THEN {code: 'no-process-starts'} END,
       CASE WHEN 'no-command-line' IN c.notes AND NOT 'command-line' IN c.notes THEN {code: 'no-command-lines'} END,
       CASE WHEN live AND NOT 'contact' IN c.kinds THEN {code: 'no-connections'} END,
       CASE WHEN live AND NOT 'question' IN c.kinds THEN {code: 'no-dns'} END,
       CASE WHEN live AND NOT scheduler THEN {code: 'no-task-log'} END,
       CASE WHEN live AND NOT registers THEN {code: 'no-registrations'} END,
       CASE WHEN 'registration' IN c.kinds AND NOT 'definition' IN c.kinds THEN {code: 'no-definitions'} END,
       CASE WHEN live AND NOT 'logon' IN c.kinds THEN {code: 'no-logons'} END,
       CASE WHEN c.day IN strangers THEN {code: 'launches-without-registration'} END,
       CASE WHEN c.day IN stubs THEN {code: 'connections-without-processes'} END,
       CASE WHEN 'no-launch-pid' IN c.notes THEN {code: 'launch-pids-lost'} END,
       CASE WHEN 'capped' IN c.notes THEN {code: 'capped'} END,
       CASE WHEN 'clock-unknown' IN c.notes THEN {code: 'clock-unknown'} END
     ] WHERE g IS NOT NULL]
     + [n IN c.notes WHERE n STARTS WITH 'cleared:' | {code: 'log-cleared', detail: substring(n, 8)}]
     + [n IN c.notes WHERE n STARTS WITH 'off:' | {code: 'log-off', detail: substring(n, 4)}]
     + [n IN c.notes WHERE n STARTS WITH 'clock:' | {code: 'clock-shifted', detail: substring(n, 6)}]
     + [g IN c.gaps | {code: 'records-missing', detail: g}]
     + CASE WHEN c.moreGaps THEN [{code: 'records-missing', detail: 'and more'}] ELSE [] END AS gaps
WHERE NOT $onlyGaps OR size(gaps) > 0
RETURN c.host AS host,
       c.day AS day,
       c.events AS events,
       c.kinds AS kinds,
       gaps,
       c.firstSeen AS firstSeen,
       c.lastSeen AS lastSeen
ORDER BY host, day
LIMIT $limit
