// Definitions, in force or not.
//
// access   read
// param    keys       LIST<STRING>  keys of definitions
// returns  key        STRING   key
// returns  actions    STRING   the actions as JSON
//
// :param keys => []

UNWIND $keys AS key
MATCH (d:TaskDefinition {key: key})
RETURN key, d.actions AS actions
