MATCH (a)-[r:FLOWED|ASKED|MAY_HAVE_CONNECTED]->(e:Endpoint)
RETURN coalesce(a.name, a.key), type(r), e.key, e.scope, r.via, r.sources, r.confidence, r.count, r.ips, r.ports, r.protocols,
  [t IN r.times | t - 1714550400], size(r.evidence), replace(toString(r.firstSeen), '[UTC]', '')
