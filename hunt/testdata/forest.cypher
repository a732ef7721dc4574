// Three hosts; on h1 a task with a deep and a shallow chain to one rare domain and a common one; on h2 a task that
// asked for a rare name and reached a private address, one with an IP without a name, and two that may have started the
// same process, and one process that another had WMI start; on h3 a process below no task.
UNWIND ['h1', 'h2', 'h3'] AS h
CREATE (:Host {key: h})
WITH count(*) AS hosts
CREATE (t1:Task {key: 'h1|\\deep', host: 'h1', path: '\\Deep'}),
       (t2:Task {key: 'h2|\\asks', host: 'h2', path: '\\Asks'}),
       (t3:Task {key: 'h2|?c0ffee', host: 'h2', named: false}),
       (t4:Task {key: 'h2|\\maybe', host: 'h2', path: '\\Maybe'}),
       (a:Process {key: 'a', host: 'h1', name: 'a.exe', pid: 1}),
       (b:Process {key: 'b', host: 'h1', name: 'b.exe', pid: 2, commandLine: 'b -x'}),
       (c:Process {key: 'c', host: 'h1', name: 'c.exe'}),
       (d:Process {key: 'd', host: 'h2', name: 'd.exe'}),
       (e:Process {key: 'e', host: 'h2', name: 'e.exe'}),
       (f:Process {key: 'f', host: 'h2', name: 'f.exe'}),
       (g:Process {key: 'g', host: 'h3', name: 'g.exe'}),
       (w:Process {key: 'w', host: 'h2', name: 'w.exe'}),
       (e)-[:VIA_WMI {via: 'command-line', confidence: 0.85, at: datetime('2026-05-01T00:00:02Z'), evidence: ['z']}]->(w),
       (t1)-[:SPAWNED {via: 'A', confidence: 1.0, at: datetime('2026-05-01T00:00:00Z'), evidence: ['x']}]->(a),
       (t1)-[:SPAWNED {via: 'A', confidence: 0.8, at: datetime('2026-05-02T00:00:00Z')}]->(c),
       (a)-[:SPAWNED {via: 'guid', confidence: 1.0, at: datetime('2026-05-01T00:00:01Z'), evidence: ['y']}]->(b),
       (t2)-[:SPAWNED {via: 'B', confidence: 0.9, at: datetime('2026-05-01T00:00:00Z')}]->(d),
       (t3)-[:SPAWNED {via: 'E', confidence: 0.5, at: datetime('2026-05-01T00:00:00Z')}]->(e),
       (t4)-[:MAY_HAVE_SPAWNED {weight: 0.5}]->(f)
WITH *
UNWIND [
  ['rare.example', 'www.rare.example', 'public'], ['rare.example', 'api.rare.example', 'public'],
  ['two.example', 'two.example', 'public'], ['asked.example', 'asked.example', 'public'],
  ['inside.example', 'inside.example', 'internal'], [null, '203.0.113.9', 'public'],
  ['maybe.example', 'maybe.example', 'public'], ['own.example', 'own.example', 'public'],
  ['handed.example', 'handed.example', 'public']] AS name
CREATE (p:Endpoint {key: name[1], scope: name[2]})
FOREACH (x IN CASE WHEN name[0] IS NULL THEN [] ELSE [1] END |
  MERGE (m:Domain {name: name[0]})
  CREATE (p)-[:UNDER]->(m))
WITH DISTINCT 1 AS done
UNWIND [
  ['b', 'www.rare.example', 1, null], ['c', 'api.rare.example', 2, 0.5], ['b', 'two.example', 1, null],
  ['d', 'two.example', 2, null], ['e', '203.0.113.9', 1, null], ['d', 'inside.example', 1, null],
  ['f', 'maybe.example', 1, null], ['g', 'own.example', 2, null], ['a', 'own.example', 2, null],
  ['c', 'asked.example', 2, null], ['w', 'handed.example', 1, null]] AS l
MATCH (p:Process {key: l[0]})
MATCH (x:Endpoint {key: l[1]})
WITH p, x, l, datetime({year: 2026, month: 5, day: l[2]}) AS at
CREATE (p)-[:CONNECTED {
  firstSeen: at, lastSeen: at, times: [at.epochSeconds], count: 1, nameConfidence: l[3], evidence: [l[0] + l[1]]}]->(x)
WITH count(*) AS done
MATCH (p:Process {key: 'd'})
MATCH (x:Endpoint {key: 'asked.example'})
WITH p, x, datetime('2026-05-01T00:00:00Z') AS at
CREATE (p)-[:RESOLVED {firstSeen: at, lastSeen: at, times: [at.epochSeconds], count: 3, answered: true}]->(x)
