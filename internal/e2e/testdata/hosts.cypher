MATCH (h:Host)
RETURN h.key AS key
