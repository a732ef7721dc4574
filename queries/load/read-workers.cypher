// Processes that a broker started for another one, in stretches of time, with the hand-overs that they have.
//
// access   read
// param    windows   LIST<LIST<ANY>>  host, from, until
// returns  host      STRING   host key
// returns  key       STRING   of the process
// returns  pid       INTEGER  PID, or null
// returns  guid      STRING   GUID, or null
// returns  facts     STRING   its facts as JSON
// returns  edges     LIST<LIST<ANY>>  type, key of who asked, at, via, confidence
//
// :param windows => []

UNWIND $windows AS w
MATCH (p:Process {handHost: w[0]})
WHERE p.startedAt >= w[1]
  AND p.startedAt <= w[2]
RETURN p.host AS host, p.key AS key, p.pid AS pid, p.guid AS guid, p.facts AS facts,
  COLLECT {
    MATCH (q:Process)-[v:VIA_BITS|VIA_COM|VIA_LOGON|VIA_MSI|VIA_SERVICE|VIA_SHELL|VIA_WMI]->(p)
    RETURN [type(v), q.key, v.at, v.via, v.confidence]
  } AS edges
