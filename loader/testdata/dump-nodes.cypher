MATCH (n)
WHERE n:Host OR n:Task OR n:TaskDefinition OR n:Process OR n:Endpoint OR n:Domain OR n:User OR n:Launch OR n:Access OR n:Address OR n:Coverage
RETURN labels(n)[0] AS label, properties(n) AS properties
