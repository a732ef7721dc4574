package settle

// Name is an endpoint that a definition names; Proxy where only as what to go through.
type Name struct {
	Endpoint string
	Proxy    bool
}

// PlanNode is a task definition.
type PlanNode struct {
	Key         string
	Does        string // hash of the actions alone
	XML         string
	Actions     string
	Triggers    string
	Commands    []string
	ComHandlers []string
	Decoded     []string // JSON, one text for each command that had anything to decode
	Names       []Name   // the endpoints that its commands name
	Seen        Span
	Matches     Matcher
}
