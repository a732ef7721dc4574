// Who made, changed, deleted, enabled or disabled tasks: accounts, processes, and the hosts and addresses that it was done from.
//
// One row for each task and actor. A host or process of another machine, and an address, stand under the change "registered".
//
// access   read
// param    task        STRING = null          only this task: its key, or its path on any host
// param    host        STRING = null          only tasks on this host
// param    change      STRING = null          only created, updated, deleted, enabled, disabled or registered
// param    remote      BOOLEAN = null         true: only tasks that some change of came from another machine; false: only others
// param    since       ZONED DATETIME = null  only what was done at or after this instant
// param    until       ZONED DATETIME = null  only what was done before this instant
// param    limit       INTEGER = 100          at most this many rows
// param    afterTask   STRING = null          continue after the row with this task
// param    afterRow    STRING = null          … and this row
// returns  task        STRING                 key of the task
// returns  host        STRING                 its host
// returns  path        STRING                 its path
// returns  row         STRING                 tells the rows of a task apart
// returns  change      STRING                 what was done
// returns  actor       STRING                 what kind of actor: Process, User, Host or Address
// returns  key         STRING                 its key
// returns  name        STRING                 its name
// returns  actorHost   STRING                 host of a process
// returns  pid         INTEGER                process id of a process
// returns  commandLine STRING                 command line of a process
// returns  user        STRING                 account of a process
// returns  via         STRING                 how it is known; the surest way
// returns  confidence  FLOAT                  how sure that is
// returns  count       INTEGER                how often
// returns  firstSeen   ZONED DATETIME         the first time
// returns  lastSeen    ZONED DATETIME         the last time
// returns  attended    BOOLEAN                a person had logged on at the task's host in the hours before it was made
// returns  evidence    LIST<STRING>           source records
//
// :param task => null
// :param host => null
// :param change => null
// :param remote => null
// :param since => null
// :param until => null
// :param limit => 25
// :param afterTask => null
// :param afterRow => null

CALL () {
  MATCH (t:Task)<-[d:CREATED|UPDATED|DELETED|ENABLED|DISABLED|REGISTERED]-(a)
  RETURN t, d, a
  UNION
  MATCH (t:Task)-[d:REGISTERED_FROM]->(a:Address)
  RETURN t, d, a
}
WITH t, d, a,
     CASE WHEN type(d) STARTS WITH 'REGISTERED' THEN 'registered' ELSE toLower(type(d)) END AS change,
     labels(a)[0] + ' ' + toLower(type(d)) + ' ' + a.key AS row
WHERE ($afterTask IS NULL OR t.key > $afterTask OR (t.key = $afterTask AND row > $afterRow))
  AND ($task IS NULL OR t.key = toLower($task) OR toLower(t.path) = toLower($task))
  AND ($host IS NULL OR t.host = toLower($host))
  AND ($change IS NULL OR change = $change)
  AND ($remote IS NULL OR coalesce(t.remote, false) = $remote)
  AND ($since IS NULL OR d.lastSeen >= $since)
  AND ($until IS NULL OR d.firstSeen < $until)
WITH *
ORDER BY t.key, row
LIMIT $limit
OPTIONAL MATCH (p:Process {key: a.key})
WHERE p = a
OPTIONAL MATCH (u:User {key: a.key})
WHERE u = a
OPTIONAL MATCH (h:Host {key: a.key})
WHERE h = a
RETURN t.key AS task,
       t.host AS host,
       t.path AS path,
       row,
       change,
       labels(a)[0] AS actor,
       a.key AS key,
       coalesce(p.name, 'pid ' + toString(p.pid), u.name, h.name, a.key) AS name,
       p.host AS actorHost,
       p.pid AS pid,
       p.commandLine AS commandLine,
       p.user AS user,
       CASE WHEN d.via IS :: LIST<ANY> THEN reduce(best = d.via[0], v IN d.via | CASE WHEN v = 'command-line' THEN best ELSE v END) ELSE d.via END AS via,
       d.confidence AS confidence,
       coalesce(d.count, 1) AS count,
       d.firstSeen AS firstSeen,
       d.lastSeen AS lastSeen,
       t.attended AS attended,
       coalesce(d.evidence, []) AS evidence
ORDER BY task, row
