// Who goes to a destination: each process that reached it, on its host, with the tasks that stand above it.
//
// The destination is a registered domain with all names under it, a single name, or an IP. The newest contact comes
// first. Climbing to the tasks has no bound. The hint is for the time after a load, when the index's size is not known yet.
//
// access   read
// param    destination    STRING                 registered domain, name or IP
// param    since          ZONED DATETIME = null  count contacts at or after this instant
// param    until          ZONED DATETIME = null  count contacts before this instant
// param    via            STRING = 'any'         connected: only connections count; any: DNS questions with an answer count too
// param    host           STRING = null          only processes on this host
// param    limit          INTEGER = 100          at most this many rows
// param    afterLastSeen  ZONED DATETIME = null  continue after the row with this last contact
// param    afterProcess   STRING = null          … and this process
// returns  destination    STRING                 as it was asked for
// returns  process        STRING                 key of the process
// returns  host           STRING                 host
// returns  pid            INTEGER                process id
// returns  name           STRING                 base name of the image
// returns  image          STRING                 image
// returns  commandLine    STRING                 command line
// returns  user           STRING                 account
// returns  startedAt      ZONED DATETIME         start
// returns  via            STRING                 connected, or resolved where it only asked for the name
// returns  endpoints      LIST<STRING>           keys of the endpoints it reached there
// returns  count          INTEGER                how many contacts in the window
// returns  truncated      BOOLEAN                true where count is only a lower bound
// returns  firstSeen      ZONED DATETIME         first of them
// returns  lastSeen       ZONED DATETIME         last of them
// returns  tasks          LIST<MAP>              tasks above it: key, path and depth
// returns  evidence       LIST<STRING>           source records of the contacts
//
:param destination => 'rare.example';
:param since => null;
:param until => null;
:param via => 'any';
:param host => null;
:param limit => 25;
:param afterLastSeen => null;
:param afterProcess => null;

CALL () {
  MATCH (e:Endpoint)-[:UNDER]->(d:Domain {name: $destination})
  USING INDEX SEEK d:Domain(name)
  RETURN e
  UNION
  MATCH (e:Endpoint {key: $destination})
  RETURN e
}
MATCH (e)<-[c:CONNECTED|RESOLVED]-(p:Process)
WHERE (type(c) = 'CONNECTED' OR ($via = 'any' AND c.answered))
  AND ($host IS NULL OR p.host = toLower($host))
WITH *, $since IS NULL AND $until IS NULL AS always,
     [t IN c.times WHERE t >= coalesce($since.epochSeconds, t) AND t * 1000 < coalesce($until.epochMillis, t * 1000 + 1)] AS inside
WHERE always
   OR size(inside) > 0
   OR (c.timesTruncated AND c.lastSeen >= coalesce($since, c.lastSeen) AND c.firstSeen < coalesce($until, datetime('9999-01-01')))
WITH p, e, c,
     CASE WHEN always THEN coalesce(c.count, 1) WHEN inside = [] THEN 1 ELSE size(inside) END AS n,
     CASE
       WHEN c.firstSeen >= coalesce($since, c.firstSeen) THEN c.firstSeen
       WHEN inside = [] THEN $since
       ELSE datetime({epochSeconds: inside[0]})
     END AS first,
     CASE
       WHEN $until IS NULL OR c.lastSeen < $until THEN c.lastSeen
       WHEN inside = [] THEN $until
       ELSE datetime({epochSeconds: inside[-1]})
     END AS last
ORDER BY e.key, type(c)
WITH p,
     collect(DISTINCT e.key) AS endpoints,
     max(type(c) = 'CONNECTED') AS connected,
     sum(n) AS count,
     max(coalesce(c.timesTruncated, false)) AS truncated,
     min(first) AS firstSeen,
     max(last) AS lastSeen,
     collect(coalesce(c.evidence, [])) AS records
WHERE $afterProcess IS NULL
   OR lastSeen < $afterLastSeen
   OR (lastSeen = $afterLastSeen AND p.key > $afterProcess)
ORDER BY lastSeen DESC, p.key
LIMIT $limit
CALL (p) {
  MATCH (p)<-[links:SPAWNED]-+(task:Task)
  WITH task, min(size(links)) AS depth
  ORDER BY depth, task.key
  RETURN collect({key: task.key, path: task.path, depth: depth}) AS tasks
}
RETURN $destination AS destination,
       p.key AS process,
       p.host AS host,
       p.pid AS pid,
       p.name AS name,
       p.image AS image,
       p.commandLine AS commandLine,
       p.user AS user,
       p.startedAt AS startedAt,
       CASE WHEN connected THEN 'connected' ELSE 'resolved' END AS via,
       endpoints,
       count,
       truncated,
       firstSeen,
       lastSeen,
       tasks,
       reduce(all = [], r IN records | all + [x IN r WHERE NOT x IN all]) AS evidence
ORDER BY lastSeen DESC, process
