// Tasks whose origin may have changed: by key, by what their hosts saw, by the hosts that
// calls came from, by hosts with a new address, and by the command lines of processes on other hosts.
//
// access   read
// param    keys       LIST<STRING>     task keys
// param    windows    LIST<LIST<ANY>>  host, from, until: changes of tasks in there
// param    talking    LIST<STRING>     keys of hosts that calls may have come from, whose connections may have changed
// param    hosts      LIST<STRING>     keys of hosts with a new address
// param    commands   LIST<LIST<STRING>>  server as a command line names it, task path, both in lower case
// returns  key        STRING   key
// returns  host       STRING   host key
// returns  path       STRING   path in lower case
// returns  facts      STRING   the facts as JSON, or null
// returns  remote     BOOLEAN  as stored, or null
// returns  attended   BOOLEAN  as stored, or null
// returns  tied       BOOLEAN  it has a relationship that tells its origin
//
// :param keys => []
// :param windows => []
// :param talking => []
// :param hosts => []
// :param commands => []

CALL () {
  UNWIND $keys AS k
  MATCH (t:Task {key: k})
  RETURN t
  UNION
  UNWIND $windows AS w
  MATCH (t:Task {host: w[0]})
  WHERE t.facts IS NOT NULL
    AND t.lastSeen >= w[1]
    AND t.firstSeen <= w[2]
  RETURN t
  UNION
  UNWIND $talking AS h
  MATCH (:Host {key: h})-[:HAS_ADDRESS]->(:Address)<-[:REGISTERED_FROM]-(t:Task)
  RETURN t
  UNION
  UNWIND $hosts AS h
  MATCH (t:Task {host: h})
  WHERE t.remote
  RETURN t
  UNION
  UNWIND $commands AS c
  MATCH (h:Host)
  WHERE h.key STARTS WITH c[0] + '.' OR h.key = c[0]
  MATCH (t:Task {key: h.key + '|' + c[1]})
  RETURN t
  UNION
  UNWIND $commands AS c
  MATCH (:Address {key: c[0]})<-[:HAS_ADDRESS]-(h:Host)
  MATCH (t:Task {key: h.key + '|' + c[1]})
  RETURN t
}
RETURN t.key AS key, t.host AS host, toLower(t.path) AS path, t.facts AS facts, t.remote AS remote, t.attended AS attended,
  EXISTS { (t)-[:REGISTERED_FROM]->() } OR EXISTS { (t)<-[:REGISTERED]-() } AS tied
