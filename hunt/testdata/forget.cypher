MATCH (:Domain {name: $domain})<-[:UNDER]-(:Endpoint)<-[c:CONNECTED]-()
DELETE c
