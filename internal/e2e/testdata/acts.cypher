MATCH (x)-[a:CREATED|UPDATED|DELETED|ENABLED|DISABLED|REGISTERED]->(t:Task)
WHERE NOT x:User
RETURN type(a) AS change, t.host AS host, t.path AS path, x.key AS by, x:Process AS process, a.via AS via, NULL AS port
UNION ALL
MATCH (t:Task)-[a:REGISTERED_FROM]->(x:Address)
RETURN type(a) AS change, t.host AS host, t.path AS path, x.key AS by, false AS process, a.via AS via, a.port AS port
UNION ALL
MATCH (x:Process)-[a:VIA_BITS|VIA_COM|VIA_LOGON|VIA_MSI|VIA_SERVICE|VIA_SHELL|VIA_WMI]->(w:Process)
RETURN type(a) AS change, w.host AS host, w.key AS path, x.key AS by, true AS process, a.via AS via, NULL AS port
