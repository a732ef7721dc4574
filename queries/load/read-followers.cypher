// Imports that followed something and did not say their end: they were killed, or still run.
//
// access   read
// param    follow    STRING   what they follow
// returns  id        STRING   its id
// returns  tally     STRING   its tally as JSON, or null
// returns  rejected  INTEGER  bytes of its reject file that belong to the tally, or null
//
// :param follow => 'ws01 /var/log/windows'

MATCH (i:Import {follow: $follow, status: 'running'})
RETURN i.id AS id, i.tally AS tally, i.rejectBytes AS rejected
ORDER BY id
