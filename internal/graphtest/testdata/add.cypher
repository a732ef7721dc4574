// Two nodes and a relationship.
CREATE (:Left {key: $key})-[:NEXT_TO]->(:Right {key: $key})
