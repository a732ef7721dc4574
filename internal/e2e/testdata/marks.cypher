MATCH (t:Task)
WHERE t.remote OR t.sdMissing OR t.treeIndex = 0
RETURN t.host AS host, t.path AS path,
  CASE WHEN t.remote THEN 'remote ' ELSE '' END + CASE WHEN t.sdMissing THEN 'no-sd ' ELSE '' END +
    CASE WHEN t.treeIndex = 0 THEN 'index-0 ' ELSE '' END AS marks
