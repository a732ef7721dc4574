// Which DLL tasks with a COM handler run: the class, the machine's server for it, a user's own that overrides it, who set them, and what loaded them.
//
// One row for each task and class. Of a module that more than 10,000 processes loaded only those that the task started are told.
//
// access   read
// param    task          STRING = null   only this task: its key, or its path on any host
// param    host          STRING = null   only tasks on this host
// param    class         STRING = null   only this class
// param    overridden    BOOLEAN = null  true: only classes that a user's own hive has a server for; false: only others
// param    changed       BOOLEAN = null  true: only classes that a record tells a change of; false: only others
// param    limit         INTEGER = 100   at most this many rows
// param    afterTask     STRING = null   continue after the row with this task
// param    afterClassId  STRING = null   … and this class
// returns  task          STRING          key of the task
// returns  host          STRING          its host
// returns  path          STRING          its path
// returns  classId       STRING          the class
// returns  server        STRING          what the machine's registry has for it, as last set
// returns  perUserServer STRING          what a user's own has, which comes first for that user
// returns  settings      LIST<STRING>    all that is known to be set
// returns  firstSeen     ZONED DATETIME  since when a definition of the task has it
// returns  lastSeen      ZONED DATETIME  until when that was seen
// returns  changedBy     LIST<MAP>       processes that changed the class, and to what
// returns  loaded        LIST<MAP>       processes on the host that loaded a file of a server's name
// returns  evidence      LIST<STRING>    source records
//
:param task => null;
:param host => null;
:param class => null;
:param overridden => null;
:param changed => null;
:param limit => 25;
:param afterTask => null;
:param afterClassId => null;

MATCH (t:Task)-[h:HANDLED_BY]->(c:ComClass)
WHERE ($afterTask IS NULL OR t.key > $afterTask OR (t.key = $afterTask AND c.classId > $afterClassId))
  AND ($task IS NULL OR t.key = toLower($task) OR toLower(t.path) = toLower($task))
  AND ($host IS NULL OR t.host = toLower($host))
  AND ($class IS NULL OR c.classId = replace(replace(toUpper($class), '{', ''), '}', ''))
  AND ($overridden IS NULL OR (c.perUserServer IS NOT NULL) = $overridden)
  AND ($changed IS NULL OR (c.settings IS NOT NULL) = $changed)
WITH t, h, c
ORDER BY t.key, c.classId
LIMIT $limit
CALL (c) {
  OPTIONAL MATCH (p:Process)-[d:CHANGED_CLASS]->(c)
  WITH p, d
  ORDER BY d.firstSeen, p.key
  RETURN collect(CASE WHEN d IS NOT NULL THEN {
    key: p.key,
    name: p.name,
    pid: p.pid,
    commandLine: p.commandLine,
    user: p.user,
    settings: d.settings,
    via: d.via,
    confidence: d.confidence,
    firstSeen: d.firstSeen,
    lastSeen: d.lastSeen,
    evidence: d.evidence
  } END) AS changedBy
}
CALL (t, c) {
  CALL (t, c) {
    WITH [k IN coalesce(c.modules, []) | split(k, '\\')[-1]] AS names
    MATCH (t)-[:SPAWNED]->(p:Process)-[d:LOADED]->(m:Module)
    WHERE m.name IN names
    RETURN p, d, m
    UNION
    UNWIND coalesce(c.modules, []) AS key
    MATCH (m:Module {key: key})
    WHERE COUNT { (m)<-[:LOADED]-() } <= 10000
    MATCH (m)<-[d:LOADED]-(p:Process {host: c.host})
    RETURN p, d, m
  }
  WITH t, c, p, d, m
  ORDER BY d.firstSeen, p.key, m.key
  RETURN collect({
    key: p.key,
    name: p.name,
    pid: p.pid,
    commandLine: p.commandLine,
    user: p.user,
    spawned: EXISTS { (t)-[:SPAWNED]->(p) },
    module: m.key,
    registered: m.key IN c.modules,
    signature: d.signature,
    valid: d.valid,
    hashes: d.hashes,
    firstSeen: d.firstSeen,
    lastSeen: d.lastSeen,
    evidence: d.evidence
  }) AS loaded
}
RETURN t.key AS task,
       t.host AS host,
       t.path AS path,
       c.classId AS classId,
       c.server AS server,
       c.perUserServer AS perUserServer,
       coalesce(c.settings, []) AS settings,
       h.firstSeen AS firstSeen,
       h.lastSeen AS lastSeen,
       changedBy,
       loaded,
       coalesce(c.evidence, []) AS evidence
ORDER BY task, classId
