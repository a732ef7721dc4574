// What loading has to know of hosts: whether their Sysmon starts come without a PID, and whether some
// process carries a GUID that is later than its child's.
//
// access   read
// param    hosts     LIST<STRING>  host keys
// returns  host      STRING   host key
// returns  pidless   BOOLEAN  Sysmon starts came without a PID
// returns  skewed    BOOLEAN  a parent's GUID is not older than its child's
//
// :param hosts => []

UNWIND $hosts AS host
MATCH (h:Host {key: host})
RETURN host, coalesce(h.pidless, false) AS pidless, coalesce(h.skewed, false) AS skewed
