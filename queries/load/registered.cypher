// Replaces which hosts, and which processes on them, registered tasks of other hosts.
//
// A host is told by the address that the call came from, where it alone had that address around the time; its
// process by the port that the call came from, or by a command line that names the machine and the task.
//
// access   write
// param    rows      LIST<LIST<ANY>>  task key, path in lower case, list of times of its creations and changes
// returns  written   INTEGER          tasks looked at; fewer than rows means that one is missing
//
// :param rows => []

UNWIND $rows AS r
MATCH (t:Task {key: r[0]})-[:ON]->(here:Host)
CALL (t) {
  MATCH (t)<-[old:REGISTERED]-()
  DELETE old
}
WITH t, here, r
CALL (t, here) {
  MATCH (t)-[f:REGISTERED_FROM]->(a:Address)<-[has:HAS_ADDRESS]-(h:Host)
  WHERE h <> here
    AND has.firstSeen <= f.at + duration('P1D')
    AND has.lastSeen >= f.at - duration('P1D')
  WITH f, collect(h) AS hosts
  UNWIND hosts AS h
  WITH f, hosts, h
  ORDER BY f.confidence DESC, f.at, f.via, f.port, h.key
  RETURN collect([h, f.at, f.via, f.confidence / size(hosts), f.port]) AS byAddress
}
CALL (here, byAddress) {
  MATCH (here)-[:HAS_ADDRESS]->(own:Address)
  WITH byAddress, here, collect(own.key) AS ips
  UNWIND byAddress AS s
  WITH s, here, ips
  WHERE s[4] > 0
  MATCH (e:Endpoint)
  WHERE e.key IN ips + [here.key]
  MATCH (p:Process {host: s[0].key})-[c:CONNECTED]->(e)
  WHERE coalesce(p.pid, 0) <> 4
    AND any(x IN c.tuples WHERE toInteger(split(x, '|')[4]) = s[4] AND abs(toInteger(split(x, '|')[0]) - s[1].epochSeconds) <= 60)
  WITH DISTINCT p, s
  ORDER BY s[3] DESC, s[1], p.key
  RETURN collect([p, s[1], 'source-port', s[3]]) AS byPort
}
CALL (t, here, r) {
  OPTIONAL MATCH (here)-[:HAS_ADDRESS]->(own:Address)
  WITH t, here, r, collect(own.key) + [here.key, split(here.key, '.')[0]] AS names
  UNWIND names AS name
  MATCH (p:Process {remoteServer: name})
  WHERE p.remoteTask = r[1]
    AND p.host <> here.key
    AND any(at IN r[2] WHERE p.startedAt >= at - duration('PT2M') AND p.startedAt <= at + duration('PT5S'))
  WITH p, r, name
  ORDER BY p.startedAt, p.key, size(name) DESC
  RETURN collect([p, head([at IN r[2] WHERE p.startedAt >= at - duration('PT2M') AND p.startedAt <= at + duration('PT5S')]),
    'command-line', CASE WHEN name = here.key OR name CONTAINS ':' OR name =~ '[0-9.]+' THEN 0.85 ELSE 0.7 END]) AS byCommand
}
FOREACH (s IN byAddress |
  MERGE (h:Host {key: s[0].key})
  MERGE (h)-[g:REGISTERED]->(t)
  ON CREATE SET g.at = s[1], g.via = s[2], g.confidence = s[3], g.firstSeen = s[1], g.lastSeen = s[1])
FOREACH (s IN byPort + byCommand |
  MERGE (p:Process {key: s[0].key})
  MERGE (p)-[g:REGISTERED]->(t)
  ON CREATE SET g.at = s[1], g.via = s[2], g.confidence = s[3], g.firstSeen = s[1], g.lastSeen = s[1]
  MERGE (h:Host {key: s[0].host})
  MERGE (h)-[k:REGISTERED]->(t)
  ON CREATE SET k.at = s[1], k.via = s[2], k.confidence = s[3], k.firstSeen = s[1], k.lastSeen = s[1])
RETURN count(*) AS written
