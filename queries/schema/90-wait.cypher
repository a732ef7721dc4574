// Waits until all indexes are in use.
//
// access   write
// param    seconds   INTEGER = 300  how long to wait at most
//
// :param seconds => 300

CALL db.awaitIndexes($seconds)
