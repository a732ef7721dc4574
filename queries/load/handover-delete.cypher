// Takes off hand-overs that no longer hold.
//
// access   write
// param    rows      LIST<LIST<STRING>>  key of who asked, key of what was started, relationship type
//
// :param rows => []

UNWIND $rows AS r
MATCH (:Process {key: r[0]})-[v:VIA_BITS|VIA_COM|VIA_LOGON|VIA_MSI|VIA_SERVICE|VIA_SHELL|VIA_WMI]->(:Process {key: r[1]})
WHERE type(v) = r[2]
DELETE v
