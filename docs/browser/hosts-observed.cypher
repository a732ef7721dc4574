// How many hosts have network or DNS telemetry: what rarity is measured against.
//
// One row. Below 20 hosts rarity means little.
//
// access   read
// param    since          ZONED DATETIME = null  count contacts at or after this instant
// param    until          ZONED DATETIME = null  count contacts before this instant
// returns  hosts          INTEGER                how many hosts there are
// returns  hostsObserved  INTEGER                how many of them have network or DNS telemetry in the window
//
:param since => null;
:param until => null;

MATCH (h:Host)
WITH h, EXISTS {
    MATCH (seen:Process {host: h.key})-[c:CONNECTED|RESOLVED|ACCEPTED]->(:Endpoint)
    USING INDEX SEEK seen:Process(host)
    WHERE ($since IS NULL AND $until IS NULL)
       OR any(t IN c.times WHERE t >= coalesce($since.epochSeconds, t) AND t * 1000 < coalesce($until.epochMillis, t * 1000 + 1))
       OR (c.timesTruncated AND c.lastSeen >= coalesce($since, c.lastSeen) AND c.firstSeen < coalesce($until, datetime('9999-01-01')))
  } AS observed
RETURN count(h) AS hosts,
       count(CASE WHEN observed THEN 1 END) AS hostsObserved
