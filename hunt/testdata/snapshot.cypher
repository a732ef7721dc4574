CALL () {
  MATCH (t:Task)
  CALL (t) {
    UNWIND labels(t) AS l
    WITH l
    ORDER BY l
    RETURN collect(l) AS ls
  }
  RETURN 1 AS kind, 'task ' + t.key + reduce(s = '', l IN ls | s + ' ' + l) + coalesce(' verdict=' + t.verdict, '') AS line
  UNION ALL
  MATCH (f:Finding)-[:ABOUT]->(t)
  RETURN 2 AS kind, 'finding ' + t.key + ' ' + f.destination + ' ' + toString(f.score) AS line
}
RETURN line
ORDER BY kind, line
