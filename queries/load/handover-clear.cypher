// Takes off all hand-overs to processes that no broker is known to have started any more.
//
// access   write
// param    keys      LIST<STRING>  keys of processes
//
// :param keys => []

UNWIND $keys AS key
MATCH (:Process)-[v:VIA_BITS|VIA_COM|VIA_LOGON|VIA_MSI|VIA_SERVICE|VIA_SHELL|VIA_WMI]->(:Process {key: key})
DELETE v
