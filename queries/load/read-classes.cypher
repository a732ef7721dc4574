// What records said of COM classes.
//
// access   read
// param    keys      LIST<STRING>  keys of classes
// returns  key       STRING        key
// returns  facts     STRING        the newest change of each setting, JSON, or null
// returns  first     ZONED DATETIME  first change, or null
// returns  last      ZONED DATETIME  last change, or null
// returns  evidence  LIST<STRING>  source records
//
// :param keys => []

UNWIND $keys AS key
MATCH (c:ComClass {key: key})
RETURN key, c.facts AS facts, c.changedFirst AS first, c.changedLast AS last, c.evidence AS evidence
