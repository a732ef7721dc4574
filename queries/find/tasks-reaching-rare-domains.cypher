// Scheduled tasks whose process tree reached a destination that few hosts ever talk to, with the chain that explains each.
//
// One row for each task and destination: the registered domain, or the IP where no name is known. Totals are over all
// processes and endpoints of the pair in the window; the chain is the one with the fewest processes. There is no depth
// bound: a process has one parent, so a climb costs its depth. The rare end comes first, and the climb stands in a
// subquery, for the planner would else walk down from every task. Only the rows that are returned get their chain.
//
// access   read
// param    since              ZONED DATETIME = null  count contacts at or after this instant
// param    until              ZONED DATETIME = null  count contacts before this instant
// param    maxHosts           INTEGER = 1            a destination is rare when at most this many hosts reached it
// param    via                STRING = 'any'         connected: only connections count; any: DNS questions with an answer count too
// param    minDepth           INTEGER = 1            only pairs with a chain of at least this many processes, shown by the shortest such
// param    host               STRING = null          only tasks on this host
// param    task               STRING = null          only this task, by key or path
// param    includeCandidates  BOOLEAN = false        also follow launches that several tasks fit, and connections that only the network saw
// param    includeHandovers   BOOLEAN = false        also follow what a process had a broker start (WMI, COM, a service, the shell …)
// param    includePrivate     BOOLEAN = false        also private, loopback, link-local and internal destinations
// param    limit              INTEGER = 100          at most this many rows
// param    afterScore         FLOAT = null           continue after the row with this score
// param    afterHosts         INTEGER = null         … and this many hosts
// param    afterTask          STRING = null          … and this task key
// param    afterDestination   STRING = null          … and this destination
// returns  task               MAP                    its key, host and path
// returns  destination        STRING                 registered domain, or IP
// returns  via                STRING                 connected; resolved where it only asked for the name; may-have-connected where only the network saw it
// returns  endpoints          LIST<STRING>           keys of the endpoints reached there
// returns  hosts              INTEGER                how many hosts reached the destination in the window
// returns  hostsObserved      INTEGER                how many hosts have network or DNS telemetry in the window
// returns  runs               INTEGER                how many processes that the task started lead there
// returns  chains             INTEGER                how many pairs of process and endpoint
// returns  count              INTEGER                how many contacts
// returns  truncated          BOOLEAN                true where count is only a lower bound
// returns  firstSeen          ZONED DATETIME         first of these contacts
// returns  lastSeen           ZONED DATETIME         last of these contacts
// returns  depth              INTEGER                processes in the chain
// returns  confidence         FLOAT                  the lowest on the chain
// returns  score              FLOAT                  higher is rarer and surer
// returns  reasons            LIST<MAP>              what adds up to the score
// returns  chain              LIST<MAP>              from the task to the endpoint
// returns  evidence           LIST<STRING>           source records along the chain
// returns  path               PATH                   the chain, for the Browser
//
// :param since => null
// :param until => null
// :param maxHosts => 1
// :param via => 'any'
// :param minDepth => 1
// :param host => null
// :param task => null
// :param includeCandidates => false
// :param includeHandovers => false
// :param includePrivate => false
// :param limit => 25
// :param afterScore => null
// :param afterHosts => null
// :param afterTask => null
// :param afterDestination => null

CALL () {
  MATCH (h:Host)
  WHERE EXISTS {
    MATCH (seen:Process {host: h.key})-[c:CONNECTED|RESOLVED|ACCEPTED]->(:Endpoint)
    USING INDEX SEEK seen:Process(host)
    WHERE ($since IS NULL AND $until IS NULL)
       OR any(t IN c.times WHERE t >= coalesce($since.epochSeconds, t) AND t * 1000 < coalesce($until.epochMillis, t * 1000 + 1))
       OR (c.timesTruncated AND c.lastSeen >= coalesce($since, c.lastSeen) AND c.firstSeen < coalesce($until, datetime('9999-01-01')))
  }
  RETURN count(h) AS hostsObserved
}

// Destinations that few hosts reached, with what contacted them in the window.
MATCH (e:Endpoint)
WHERE $includePrivate
   OR NOT coalesce(e.scope, '') IN ['private', 'loopback', 'linklocal', 'internal']
OPTIONAL MATCH (e)-[:UNDER]->(d:Domain)
WITH hostsObserved, coalesce(d.name, e.key) AS destination, collect(e) AS candidates
CALL (candidates) {
  UNWIND candidates AS e
  MATCH (e)<-[c:CONNECTED|RESOLVED|MAY_HAVE_CONNECTED]-(p:Process)
  WHERE (type(c) = 'CONNECTED' OR ($via = 'any' AND c.answered) OR ($includeCandidates AND type(c) = 'MAY_HAVE_CONNECTED'))
    AND (($since IS NULL AND $until IS NULL)
      OR any(t IN c.times WHERE t >= coalesce($since.epochSeconds, t) AND t * 1000 < coalesce($until.epochMillis, t * 1000 + 1))
      OR (c.timesTruncated AND c.lastSeen >= coalesce($since, c.lastSeen) AND c.firstSeen < coalesce($until, datetime('9999-01-01'))))
  RETURN count(DISTINCT p.host) AS hosts
}
WITH hostsObserved, destination, candidates, hosts
WHERE 0 < hosts <= $maxHosts
UNWIND candidates AS e
MATCH (e)<-[c:CONNECTED|RESOLVED|MAY_HAVE_CONNECTED]-(leaf:Process)
WHERE type(c) = 'CONNECTED'
   OR ($via = 'any' AND c.answered)
   OR ($includeCandidates AND type(c) = 'MAY_HAVE_CONNECTED')
WITH *, $since IS NULL AND $until IS NULL AS always,
     [t IN c.times WHERE t >= coalesce($since.epochSeconds, t) AND t * 1000 < coalesce($until.epochMillis, t * 1000 + 1)] AS inside
WHERE always
   OR size(inside) > 0
   OR (c.timesTruncated AND c.lastSeen >= coalesce($since, c.lastSeen) AND c.firstSeen < coalesce($until, datetime('9999-01-01')))
WITH hostsObserved, destination, hosts, leaf, {
       endpoint: e.key,
       type: type(c),
       confidence: coalesce(c.nameConfidence, c.confidence, 1.0),
       count: CASE WHEN always THEN coalesce(c.count, 1) WHEN inside = [] THEN 1 ELSE size(inside) END,
       truncated: coalesce(c.timesTruncated, false),
       first: CASE
         WHEN c.firstSeen >= coalesce($since, c.firstSeen) THEN c.firstSeen
         WHEN inside = [] THEN $since
         ELSE datetime({epochSeconds: inside[0]})
       END,
       last: CASE
         WHEN $until IS NULL OR c.lastSeen < $until THEN c.lastSeen
         WHEN inside = [] THEN $until
         ELSE datetime({epochSeconds: inside[-1]})
       END
     } AS contact
WITH hostsObserved, destination, hosts, leaf, collect(contact) AS contacts

// Climb to the tasks; of each task's ways to the leaf the best is kept.
CALL (leaf) {
  MATCH (leaf) (()<-[link:SPAWNED|VIA_BITS|VIA_COM|VIA_LOGON|VIA_MSI|VIA_SERVICE|VIA_SHELL|VIA_WMI]-() WHERE $includeHandovers OR type(link) = 'SPAWNED')* (root:Process)<-[start:SPAWNED|MAY_HAVE_SPAWNED]-(task:Task)
  WHERE type(start) = 'SPAWNED'
     OR $includeCandidates
  WITH task, root, size(link) + 1 AS length,
       reduce(low = coalesce(start.confidence, start.weight, 1.0), l IN link | CASE WHEN l.confidence < low THEN l.confidence ELSE low END) AS lowest
  RETURN task, collect(DISTINCT root.key) AS roots, min(CASE WHEN length >= $minDepth THEN [length, -lowest, root.key] END) AS climb
}
WITH *
WHERE ($host IS NULL OR task.host = toLower($host))
  AND ($task IS NULL OR toLower($task) IN [task.key, toLower(task.path), substring(toLower(task.path), 1)])
UNWIND contacts AS contact
WITH hostsObserved, destination, hosts, task, leaf, roots, climb, contact,
     CASE WHEN contact.confidence < -climb[1] THEN contact.confidence ELSE -climb[1] END AS lowest
WITH hostsObserved, destination, hosts, task,
     collect(roots) AS roots,
     collect(DISTINCT contact.endpoint) AS endpoints,
     max(CASE contact.type WHEN 'CONNECTED' THEN 2 WHEN 'RESOLVED' THEN 1 ELSE 0 END) AS connected,
     count(DISTINCT [leaf.key, contact.endpoint]) AS chains,
     sum(contact.count) AS count,
     max(contact.truncated) AS truncated,
     min(contact.first) AS firstSeen,
     max(contact.last) AS lastSeen,
     min(CASE WHEN climb IS NOT NULL THEN [climb[0], -lowest, -contact.last.epochMillis, leaf.key, contact.endpoint, contact.type, climb[2], contact.last] END) AS best
WHERE best IS NOT NULL
WITH *, -best[1] AS confidence
WITH *, round(log((hostsObserved + 1) / (hosts + 0.5)) / log(2) * confidence, 3) AS score
WHERE $afterTask IS NULL
   OR score < $afterScore
   OR (score = $afterScore AND hosts > $afterHosts)
   OR (score = $afterScore AND hosts = $afterHosts AND task.key > $afterTask)
   OR (score = $afterScore AND hosts = $afterHosts AND task.key = $afterTask AND destination > $afterDestination)
ORDER BY score DESC, hosts, task.key, destination
LIMIT $limit

// The rows are known: now their chains.
MATCH (leaf:Process {key: best[3]})
MATCH (last:Endpoint {key: best[4]})
CALL (leaf, last) {
  MATCH path = (last)<-[:CONNECTED|RESOLVED|MAY_HAVE_CONNECTED]-(leaf)
    (()<-[link:SPAWNED|VIA_BITS|VIA_COM|VIA_LOGON|VIA_MSI|VIA_SERVICE|VIA_SHELL|VIA_WMI]-() WHERE $includeHandovers OR type(link) = 'SPAWNED')* (root:Process)<-[:SPAWNED|MAY_HAVE_SPAWNED]-(origin:Task)
  RETURN origin, root, path
}
WITH *
WHERE origin = task
  AND root.key = best[6]
  AND length(path) = best[0] + 1
  AND type(relationships(path)[0]) = best[5]
  AND ($includeCandidates OR type(relationships(path)[-1]) = 'SPAWNED')
WITH *, reduce(low = 1.0, l IN relationships(path)[1..] |
       CASE WHEN coalesce(l.confidence, l.weight) < low THEN coalesce(l.confidence, l.weight) ELSE low END) AS sure
ORDER BY sure DESC, coalesce(relationships(path)[-1].confidence, relationships(path)[-1].weight) DESC, [n IN nodes(path) | n.key]
WITH hostsObserved, destination, hosts, task, roots, endpoints, connected, chains, count, truncated, firstSeen, lastSeen,
     best, confidence, score, collect(path)[0] AS path
WITH *, reverse(nodes(path)) AS steps, reverse(relationships(path)) AS links,
     [l IN reverse(relationships(path)) WHERE type(l) STARTS WITH 'VIA_' | type(l)] AS handovers
CALL (roots, endpoints) {
  UNWIND roots AS some
  UNWIND some AS root
  WITH endpoints, count(DISTINCT root) AS runs
  UNWIND endpoints AS endpoint
  WITH runs, endpoint
  ORDER BY endpoint
  RETURN runs, collect(endpoint) AS reached
}
RETURN {key: task.key, host: task.host, path: task.path} AS task,
       destination,
       ['may-have-connected', 'resolved', 'connected'][connected] AS via,
       reached AS endpoints,
       hosts,
       hostsObserved,
       runs,
       chains,
       count,
       truncated,
       firstSeen,
       lastSeen,
       best[0] AS depth,
       confidence,
       score,
       [{
         name: 'rarity',
         value: hosts,
         points: score,
         text: 'reached by ' + hosts + ' of ' + hostsObserved + ' hosts with network or DNS telemetry'
           + CASE WHEN hostsObserved < 20 THEN '; below 20 hosts rarity means little' ELSE '' END
       }]
         + [h IN [handovers] WHERE h <> [] | {
           name: 'handover',
           value: size(h),
           points: 0.0,
           text: 'the chain follows what a process had a broker start: ' + reduce(t = h[0], x IN h[1..] | t + ', ' + x)
         }] AS reasons,
       [{label: 'Task', key: task.key, name: coalesce(task.path, task.name, task.key)}]
         + [i IN range(1, size(steps) - 2) | {
           label: 'Process',
           key: steps[i].key,
           name: coalesce(steps[i].name, steps[i].key),
           pid: steps[i].pid,
           commandLine: steps[i].commandLine,
           at: coalesce(links[i - 1].at, steps[i].startedAt),
           via: CASE WHEN type(links[i - 1]) STARTS WITH 'VIA_' THEN type(links[i - 1]) ELSE links[i - 1].via END,
           confidence: coalesce(links[i - 1].confidence, links[i - 1].weight)
         }]
         + [{
           label: 'Endpoint',
           key: steps[-1].key,
           name: steps[-1].key,
           at: best[7],
           via: replace(toLower(best[5]), '_', '-'),
           confidence: coalesce(links[-1].nameConfidence, links[-1].confidence, 1.0)
         }] AS chain,
       reduce(all = [], l IN links | all + [r IN coalesce(l.evidence, []) WHERE NOT r IN all]) AS evidence,
       path
ORDER BY score DESC, hosts, task.key, destination
