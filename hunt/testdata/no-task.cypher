MATCH (t:Task {host: 'h3'})
DETACH DELETE t
