// What hosts saw around changes of tasks: calls and logons near each, the change's own logon session, the last
// logon of a person before it, and one other logon, which tells that logons were recorded at all.
//
// access   read
// param    rows       LIST<LIST<ANY>>  number, host, near from, near until, a day before, hours before, logon session or null
// returns  number     INTEGER  the row's
// returns  key        STRING   key
// returns  kind       STRING   logon or pipe
// returns  at         ZONED DATETIME  when
// returns  logonId    STRING   its session, or null
// returns  user       STRING   account, or null
// returns  logonType  INTEGER  type, or null
// returns  ip         STRING   address, or null
// returns  port       INTEGER  the caller's port, or null
//
// :param rows => []

UNWIND $rows AS r
CALL (r) {
  MATCH (a:Access {host: r[1]})
  WHERE a.at >= r[2]
    AND a.at <= r[3]
  RETURN a
  UNION
  MATCH (a:Access {host: r[1], logonId: r[6]})
  WHERE a.at >= r[4]
    AND a.at <= r[3]
  RETURN a
  UNION
  MATCH (a:Access {personHost: r[1]})
  WHERE a.at >= r[5]
    AND a.at <= r[3]
  RETURN a
  ORDER BY a.at DESC
  LIMIT 1
  UNION
  MATCH (a:Access {host: r[1]})
  WHERE a.at >= r[4]
    AND a.at <= r[3]
    AND a.kind = 'logon'
  RETURN a
  LIMIT 1
}
RETURN r[0] AS number, a.key AS key, a.kind AS kind, a.at AS at, a.logonId AS logonId, a.user AS user, a.logonType AS logonType,
  a.ip AS ip, a.port AS port
