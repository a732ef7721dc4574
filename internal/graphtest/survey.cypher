// Whether the database is marked as one for tests, and whether it holds anything besides.
//
// access   read
// returns  marked  BOOLEAN  it carries the mark
// returns  others  BOOLEAN  there is a node besides the mark

RETURN EXISTS { (:TaskrootTestDatabase) } AS marked,
       EXISTS { MATCH (n) WHERE NOT n:TaskrootTestDatabase } AS others
