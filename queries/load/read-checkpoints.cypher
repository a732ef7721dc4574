// Checkpoints that files may have: by identity, by path, or by the hash of their first bytes.
//
// access   read
// param    identities LIST<STRING>  device and inode of each
// param    paths      LIST<STRING>  where each was seen
// param    heads      LIST<STRING>  hash of the first bytes of each
// returns  key        STRING   its key
// returns  round      INTEGER  its changes so far
// returns  path       STRING   path
// returns  identity   STRING   device and inode
// returns  kind       STRING   how the file grows
// returns  offset     INTEGER  bytes that were taken
// returns  ordinal    INTEGER  records that were taken
// returns  head       STRING   hash of the file's first bytes
// returns  headLength INTEGER  how many those are
// returns  tail       STRING   hash of the bytes before the offset
// returns  done       BOOLEAN  whether a whole file was taken
// returns  given      INTEGER  observations taken of one that is not done
// returns  events     INTEGER  other calls taken of it
// returns  modified   ZONED DATETIME  time of change of a whole file, or null
// returns  record     INTEGER  highest record id that was taken
// returns  clock      STRING   what was learnt of clocks, JSON
//
// :param identities => []
// :param paths => []
// :param heads => []

CALL () {
  UNWIND $identities AS identity
  MATCH (c:Checkpoint {identity: identity})
  RETURN c
  UNION
  UNWIND $paths AS path
  MATCH (c:Checkpoint {path: path})
  RETURN c
  UNION
  UNWIND $heads AS head
  MATCH (c:Checkpoint {head: head})
  RETURN c
}
RETURN c.key AS key, c.round AS round, c.path AS path, c.identity AS identity, c.kind AS kind, c.offset AS offset,
  c.ordinal AS ordinal, c.head AS head, c.headLength AS headLength, c.tail AS tail, c.done AS done, c.given AS given,
  c.events AS events, c.modified AS modified, c.record AS record, c.clock AS clock
ORDER BY key
