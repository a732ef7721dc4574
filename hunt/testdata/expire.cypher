MATCH (h:Hunt)
SET h.leaseUntil = datetime() - duration('PT1S')
