// Everything below a task: each process of its trees, with all its connections and DNS questions.
//
// A process comes once, at its least depth, nearest first. The depth has no bound; one task's trees are walked down.
//
// access   read
// param    task               STRING                 key of the task, or its path together with host
// param    host               STRING = null          host of the task
// param    includeCandidates  BOOLEAN = false        also what it may have started, where several tasks fit, and connections that only the network saw
// param    includeHandovers   BOOLEAN = false        also what its processes had a broker start (WMI, COM, a service, the shell …)
// param    limit              INTEGER = 1000         at most this many rows
// param    afterDepth         INTEGER = null         continue after the row of this depth
// param    afterSeen          ZONED DATETIME = null  … and this first sighting
// param    afterKey           STRING = null          … and this process
// returns  task               STRING                 key of the task
// returns  depth              INTEGER                1 for a process that the task started
// returns  key                STRING                 key of the process
// returns  parent             STRING                 key of its parent in the tree; null below the task itself
// returns  host               STRING                 host
// returns  pid                INTEGER                process id
// returns  name               STRING                 base name of the image
// returns  image              STRING                 image
// returns  commandLine        STRING                 command line
// returns  decoded            STRING                 command line decoded, where it hides something
// returns  user               STRING                 account
// returns  seen               ZONED DATETIME         start, or first sighting where the start is not known
// returns  startedAt          ZONED DATETIME         start
// returns  endedAt            ZONED DATETIME         end
// returns  observed           BOOLEAN                false where its own start was not seen
// returns  at                 ZONED DATETIME         when the link to it was made
// returns  via                STRING                 how that link is known
// returns  confidence         FLOAT                  how sure it is
// returns  handovers          INTEGER                how many hand-overs lie on the way to it from the task
// returns  contacts           LIST<MAP>              what it connected to, asked for and accepted
// returns  evidence           LIST<STRING>           source records of the link
//
:param task => 'h1|\\updater';
:param host => null;
:param includeCandidates => false;
:param includeHandovers => false;
:param limit => 25;
:param afterDepth => null;
:param afterSeen => null;
:param afterKey => null;

WITH toLower($task) AS given, toLower($host) AS host
WITH CASE
       WHEN host IS NULL OR given STARTS WITH host + '|' THEN given
       WHEN given STARTS WITH '\\' THEN host + '|' + given
       ELSE host + '|\\' + given
     END AS wanted
MATCH (task:Task {key: wanted})
CALL (task) {
  MATCH (task)-[start:SPAWNED|MAY_HAVE_SPAWNED]->(root:Process) (()-[link:SPAWNED|VIA_BITS|VIA_COM|VIA_LOGON|VIA_MSI|VIA_SERVICE|VIA_SHELL|VIA_WMI]->() WHERE $includeHandovers OR type(link) = 'SPAWNED')* (p:Process)
  WHERE type(start) = 'SPAWNED'
     OR $includeCandidates
  WITH p, start, link
  ORDER BY size(link), size([l IN link WHERE type(l) <> 'SPAWNED']), coalesce(start.confidence, start.weight) DESC,
    link[-1].confidence DESC, startNode(link[-1]).key
  WITH p, collect([size(link) + 1, CASE WHEN link = [] THEN start ELSE link[-1] END, size([l IN link WHERE type(l) <> 'SPAWNED'])])[0] AS nearest
  RETURN p, nearest[0] AS depth, nearest[1] AS link, nearest[2] AS handovers
}
WITH task, p, depth, link, handovers, coalesce(p.startedAt, p.firstSeen) AS seen
WHERE $afterKey IS NULL
   OR depth > $afterDepth
   OR (depth = $afterDepth AND seen > $afterSeen)
   OR (depth = $afterDepth AND seen = $afterSeen AND p.key > $afterKey)
ORDER BY depth, seen, p.key
LIMIT $limit
CALL (p) {
  OPTIONAL MATCH (p)-[c:CONNECTED|RESOLVED|ACCEPTED|MAY_HAVE_CONNECTED]->(e:Endpoint)
  WHERE $includeCandidates
     OR type(c) <> 'MAY_HAVE_CONNECTED'
  OPTIONAL MATCH (e)-[:UNDER]->(d:Domain)
  WITH c, e, d
  ORDER BY c.firstSeen, e.key, type(c)
  RETURN collect(CASE WHEN c IS NOT NULL THEN {
    endpoint: e.key,
    destination: coalesce(d.name, e.key),
    scope: e.scope,
    how: replace(toLower(type(c)), '_', '-'),
    answered: c.answered,
    count: c.count,
    truncated: c.timesTruncated,
    firstSeen: c.firstSeen,
    lastSeen: c.lastSeen,
    ips: c.ips,
    ports: c.ports,
    protocols: c.protocols,
    nameConfidence: coalesce(c.nameConfidence, c.confidence),
    evidence: c.evidence
  } END) AS contacts
}
RETURN task.key AS task,
       depth,
       p.key AS key,
       CASE WHEN startNode(link) = task THEN null ELSE startNode(link).key END AS parent,
       p.host AS host,
       p.pid AS pid,
       p.name AS name,
       p.image AS image,
       p.commandLine AS commandLine,
       p.decoded AS decoded,
       p.user AS user,
       seen,
       p.startedAt AS startedAt,
       p.endedAt AS endedAt,
       coalesce(p.observed, false) AS observed,
       link.at AS at,
       CASE WHEN type(link) STARTS WITH 'VIA_' THEN type(link) ELSE link.via END AS via,
       coalesce(link.confidence, link.weight) AS confidence,
       handovers,
       contacts,
       coalesce(link.evidence, []) AS evidence
ORDER BY depth, seen, key
