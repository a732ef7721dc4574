// The definitions of all tasks of hosts, each while it is in force.
//
// access   read
// param    hosts     LIST<STRING>  host keys
// returns  host      STRING   host key
// returns  task      STRING   task key
// returns  plan      STRING   definition key
// returns  from      ZONED DATETIME  since
// returns  to        ZONED DATETIME  until, or null
// returns  actions   STRING   the actions as JSON
//
// :param hosts => []

UNWIND $hosts AS host
MATCH (t:Task {host: host})-[d:DEFINED]->(def:TaskDefinition)
RETURN host, t.key AS task, def.key AS plan, d.from AS from, d.to AS to, def.actions AS actions
