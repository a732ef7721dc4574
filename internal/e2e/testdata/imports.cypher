MATCH (i:Import)
RETURN i.status AS status, i.tally AS tally
ORDER BY i.startedAt
