// Scheduled tasks with what they do, who they run as and how often they were seen to start something.
//
// access   read
// param    host         STRING = null          only tasks on this host
// param    path         STRING = null          only tasks whose path holds this text, in any case
// param    principal    STRING = null          only tasks that run as an account that holds this text, in any case
// param    named        BOOLEAN = null         true: only named tasks; false: only those inferred from a launch
// param    hidden       BOOLEAN = null         true: only hidden tasks; false: only others
// param    since        ZONED DATETIME = null  only tasks last seen at or after this instant
// param    limit        INTEGER = 100          at most this many rows
// param    afterKey     STRING = null          continue after this key
// returns  key          STRING                 key
// returns  host         STRING                 host
// returns  path         STRING                 path as registered
// returns  name         STRING                 last part of the path
// returns  named        BOOLEAN                false where it is only inferred from a launch
// returns  registered   BOOLEAN                its registration was seen
// returns  author       STRING                 who the definition says wrote it
// returns  principal    STRING                 account that it runs as
// returns  runLevel     STRING                 run level
// returns  hidden       BOOLEAN                hidden from the list of tasks
// returns  enabled      BOOLEAN                enabled
// returns  createdAt    ZONED DATETIME         when it was created
// returns  deletedAt    ZONED DATETIME         when it was deleted
// returns  firstSeen    ZONED DATETIME         first sighting
// returns  lastSeen     ZONED DATETIME         last sighting
// returns  commands     LIST<STRING>           what its newest known definition runs
// returns  decoded      LIST<STRING>           … and that decoded, where it hides something: JSON with text and steps
// returns  definitions  INTEGER                how many versions of its definition are known
// returns  runs         INTEGER                how many processes it started
// returns  candidates   INTEGER                how many more it may have started
//
// :param host => null
// :param path => null
// :param principal => null
// :param named => null
// :param hidden => null
// :param since => null
// :param limit => 25
// :param afterKey => null

MATCH (t:Task)
WHERE ($afterKey IS NULL OR t.key > $afterKey)
  AND ($host IS NULL OR t.host = toLower($host))
  AND ($path IS NULL OR toLower(t.path) CONTAINS toLower($path))
  AND ($principal IS NULL OR toLower(t.principal) CONTAINS toLower($principal))
  AND ($named IS NULL OR coalesce(t.named, true) = $named)
  AND ($hidden IS NULL OR coalesce(t.hidden, false) = $hidden)
  AND ($since IS NULL OR t.lastSeen >= $since)
WITH t
ORDER BY t.key
LIMIT $limit
CALL (t) {
  OPTIONAL MATCH (t)-[r:DEFINED]->(d:TaskDefinition)
  WITH r, d
  ORDER BY r.from DESC, d.key
  RETURN collect(d)[0] AS newest, count(d) AS definitions
}
RETURN t.key AS key,
       t.host AS host,
       t.path AS path,
       t.name AS name,
       coalesce(t.named, true) AS named,
       coalesce(t.registered, false) AS registered,
       t.author AS author,
       t.principal AS principal,
       t.runLevel AS runLevel,
       t.hidden AS hidden,
       t.enabled AS enabled,
       t.createdAt AS createdAt,
       t.deletedAt AS deletedAt,
       t.firstSeen AS firstSeen,
       t.lastSeen AS lastSeen,
       newest.commands AS commands,
       newest.decoded AS decoded,
       definitions,
       COUNT { (t)-[:SPAWNED]->() } AS runs,
       COUNT { (t)-[:MAY_HAVE_SPAWNED]->() } AS candidates
ORDER BY key
