// The addresses of hosts from which the network saw connections.
//
// access   read
// param    rows       LIST<STRING>  host keys
// returns  host       STRING        host key
// returns  ip         STRING        address
//
// :param rows => []

UNWIND $rows AS key
MATCH (h:Host {key: key})-[:HAS_ADDRESS]->(a:Address)
WHERE EXISTS { (a)-[:FLOWED]->() }
RETURN key AS host, a.key AS ip
