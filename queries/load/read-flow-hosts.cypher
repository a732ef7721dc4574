// The hosts that had an address from which the network saw connections, and when.
//
// access   read
// param    rows       LIST<STRING>    addresses
// returns  ip         STRING          address
// returns  host       STRING          host key
// returns  first      ZONED DATETIME  first sighting of the host with it
// returns  last       ZONED DATETIME  last sighting
//
// :param rows => []

UNWIND $rows AS key
MATCH (a:Address {key: key})<-[has:HAS_ADDRESS]-(h:Host)
WHERE EXISTS { (a)-[:FLOWED]->() }
RETURN key AS ip, h.key AS host, has.firstSeen AS first, has.lastSeen AS last
