// The hosts whose Sysmon starts came without a PID.
//
// access   read
// param    hosts     LIST<STRING>  host keys
// returns  host      STRING   host key
//
// :param hosts => []

UNWIND $hosts AS host
MATCH (h:Host {key: host, pidless: true})
RETURN host
