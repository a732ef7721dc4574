// Processes that may have asked a broker for another one, in stretches of time.
//
// access   read
// param    windows   LIST<LIST<ANY>>  host, from, until
// returns  host      STRING   host key
// returns  key       STRING   of the process
// returns  pid       INTEGER  PID, or null
// returns  guid      STRING   GUID, or null
// returns  facts     STRING   its facts as JSON
//
// :param windows => []

UNWIND $windows AS w
MATCH (p:Process {askHost: w[0]})
WHERE p.startedAt >= w[1]
  AND p.startedAt <= w[2]
RETURN p.host AS host, p.key AS key, p.pid AS pid, p.guid AS guid, p.facts AS facts
