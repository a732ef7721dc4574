MATCH (i:Import)
RETURN i.id AS id, i.status AS status, i.tally AS tally
ORDER BY i.startedAt
