MERGE (:Host {key: $host})
MERGE (t:Task {key: $host + '|' + toLower($task)})
SET t.host = $host, t.path = $task
CREATE (t)-[:SPAWNED {at: datetime('2026-05-01T00:00:00Z'), via: 'B', confidence: 0.9}]->(p:Process {
  key: $host + '|' + $task + '|' + $domain, host: $host, name: 'cmd.exe', pid: 42})
MERGE (e:Endpoint {key: 'www.' + $domain})
SET e.scope = 'public'
MERGE (d:Domain {name: $domain})
MERGE (e)-[:UNDER]->(d)
CREATE (p)-[:CONNECTED {
  firstSeen: datetime('2026-05-01T00:00:00Z'), lastSeen: datetime('2026-05-02T00:00:00Z'), count: 2,
  times: [datetime('2026-05-01T00:00:00Z').epochSeconds, datetime('2026-05-02T00:00:00Z').epochSeconds],
  evidence: ['"sysmon.evtx"']}]->(e)
