// Gives processes a new key, because a GUID became known, and takes off the relationships that
// are worked out again; labels and properties that people added stay.
//
// access   write
// param    rows      LIST<LIST<STRING>>  old key, new key
//
// :param rows => []

UNWIND $rows AS r
MATCH (p:Process {key: r[0]})
OPTIONAL MATCH (p)-[c:CONNECTED|RESOLVED|ACCEPTED|MAY_HAVE_CONNECTED|SPAWNED|MAY_HAVE_SPAWNED|CREATED|UPDATED|DELETED|ENABLED|DISABLED|VIA_BITS|VIA_COM|VIA_LOGON|VIA_MSI|VIA_SERVICE|VIA_SHELL|VIA_WMI]-()
DELETE c
WITH DISTINCT p, r
SET p.key = r[1]
