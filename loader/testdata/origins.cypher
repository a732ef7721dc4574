MATCH (t:Task {path: $path})
OPTIONAL MATCH (t)-[r:REGISTERED|REGISTERED_FROM]-(x)
RETURN t.remote, t.attended, type(r), labels(x)[0], coalesce(x.name, x.key), r.via, r.confidence
