// Names of the indexes there are, those of constraints among them, and whether each is in use.
//
// access   read
// returns  name   STRING  the index
// returns  state  STRING  ONLINE once it is in use

SHOW INDEXES YIELD name, state
RETURN name, state
