MATCH (t:Task {named: true})
RETURN t.host AS host, t.path AS path, t.registered AS registered
