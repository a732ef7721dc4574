// The line of a process: itself, its parents up to the first that is known, and the tasks that started any of them.
//
// The process is named by key or GUID, or by host and PID: then every instance of that PID is told, each with its own
// line. The climb has no bound and costs its depth.
//
// access   read
// param    process            STRING = null    key or GUID of the process
// param    host               STRING = null    host of the process, with pid
// param    pid                INTEGER = null   process id, with host
// param    includeCandidates  BOOLEAN = false  also tasks that may have started one of them, where several fit
// param    includeHandovers   BOOLEAN = false  also who had a broker start one of them (WMI, COM, a service, the shell …)
// param    limit              INTEGER = 1000   at most this many rows
// param    afterProcess       STRING = null    continue after the row of this process
// param    afterDistance      INTEGER = null   … at this distance
// param    afterLabel         STRING = null    … with this label
// param    afterKey           STRING = null    … and this key
// returns  process            STRING           key of the process whose line it is
// returns  distance           INTEGER          0 for the process itself
// returns  label              STRING           Process or Task
// returns  key                STRING           key
// returns  host               STRING           host
// returns  name               STRING           base name of the image, or path of the task
// returns  pid                INTEGER          process id
// returns  image              STRING           image
// returns  commandLine        STRING           command line
// returns  user               STRING           account
// returns  startedAt          ZONED DATETIME   start
// returns  endedAt            ZONED DATETIME   end
// returns  observed           BOOLEAN          false where its own start was not seen
// returns  at                 ZONED DATETIME   when it started the one below it
// returns  via                STRING           how that link is known
// returns  confidence         FLOAT            how sure it is
// returns  handovers          INTEGER          how many hand-overs lie between it and the process
// returns  evidence           LIST<STRING>     source records of the link; of the process itself at distance 0
//
// :param process => null
// :param host => 'h1'
// :param pid => 11
// :param includeCandidates => false
// :param includeHandovers => false
// :param limit => 25
// :param afterProcess => null
// :param afterDistance => null
// :param afterLabel => null
// :param afterKey => null

CALL () {
  MATCH (p:Process {key: $process})
  RETURN p
  UNION
  MATCH (p:Process {guid: toUpper(replace(replace($process, '{', ''), '}', ''))})
  RETURN p
  UNION
  MATCH (p:Process {unit: toLower($host) + '|' + toString($pid)})
  RETURN p
}
WITH DISTINCT p
CALL (p) {
  RETURN p AS n, 0 AS distance, null AS link, 0 AS handovers
  UNION
  MATCH (p) (()<-[links:SPAWNED|VIA_BITS|VIA_COM|VIA_LOGON|VIA_MSI|VIA_SERVICE|VIA_SHELL|VIA_WMI]-() WHERE $includeHandovers OR type(links) = 'SPAWNED')+ (n:Process)
  WITH n, links
  ORDER BY size(links), size([l IN links WHERE type(l) <> 'SPAWNED']), links[-1].confidence DESC, endNode(links[-1]).key
  WITH n, collect(links)[0] AS links
  RETURN n, size(links) AS distance, links[-1] AS link, size([l IN links WHERE type(l) <> 'SPAWNED']) AS handovers
  UNION
  MATCH (p) (()<-[links:SPAWNED|VIA_BITS|VIA_COM|VIA_LOGON|VIA_MSI|VIA_SERVICE|VIA_SHELL|VIA_WMI]-() WHERE $includeHandovers OR type(links) = 'SPAWNED')* (root:Process)<-[link:SPAWNED|MAY_HAVE_SPAWNED]-(n:Task)
  WHERE type(link) = 'SPAWNED'
     OR $includeCandidates
  RETURN n, size(links) + 1 AS distance, link, size([l IN links WHERE type(l) <> 'SPAWNED']) AS handovers
}
WITH p, n, distance, link, handovers, CASE WHEN n:Task THEN 'Task' ELSE 'Process' END AS label
WHERE n <> p
   OR distance = 0
WITH p, n, label, distance, link, handovers
ORDER BY distance, handovers, coalesce(link.confidence, link.weight) DESC
WITH p, n, label, collect([distance, link, handovers])[0] AS nearest
WITH p, n, label, nearest[0] AS distance, nearest[1] AS link, nearest[2] AS handovers
WHERE $afterKey IS NULL
   OR p.key > $afterProcess
   OR (p.key = $afterProcess AND distance > $afterDistance)
   OR (p.key = $afterProcess AND distance = $afterDistance AND label > $afterLabel)
   OR (p.key = $afterProcess AND distance = $afterDistance AND label = $afterLabel AND n.key > $afterKey)
ORDER BY p.key, distance, label, n.key
LIMIT $limit
RETURN p.key AS process,
       distance,
       label,
       n.key AS key,
       n.host AS host,
       coalesce(n.path, n.name) AS name,
       n.pid AS pid,
       n.image AS image,
       n.commandLine AS commandLine,
       n.user AS user,
       n.startedAt AS startedAt,
       n.endedAt AS endedAt,
       n.observed AS observed,
       link.at AS at,
       CASE WHEN type(link) STARTS WITH 'VIA_' THEN type(link) ELSE link.via END AS via,
       coalesce(link.confidence, link.weight) AS confidence,
       handovers,
       CASE distance WHEN 0 THEN coalesce(n.evidence, []) ELSE coalesce(link.evidence, []) END AS evidence
ORDER BY process, distance, label, key
