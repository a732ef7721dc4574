package winevent

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
)

func sysmonAsked(e *Event) (graph.Observation, error) {
	p := sysmonProcess(e)
	if unnamed(p) {
		return nil, ErrNoProcess
	}
	name := strings.TrimSpace(present(e.Get("QueryName")))
	if name == "" {
		return nil, ErrNoQuery
	}
	return &graph.Asked{
		Header:  header(e),
		Process: p,
		Name:    name,
		Status:  decimal(e.Get("QueryStatus")),
		Answers: Answers(e.Get("QueryResults")),
	}, nil
}

// Answers is the addresses in Sysmon 22's QueryResults, canonical, each once,
// in order. What is not an address (targets of CNAME and other records, marked
// "type:  5" and so on) is left out.
func Answers(results string) []string {
	var answers []string
	seen := map[string]bool{}
	for _, part := range strings.Split(results, ";") {
		ip, ok := graph.NormalIP(answer(strings.TrimSpace(part)))
		if ok && !seen[ip] {
			seen[ip] = true
			answers = append(answers, ip)
		}
	}
	return answers
}

// answer is one result without its mark where it is marked as an address (A is
// 1, AAAA is 28), nothing where it is marked as another record.
func answer(part string) string {
	rest, ok := strings.CutPrefix(part, "type:")
	if !ok {
		return part
	}
	kind, value, _ := strings.Cut(strings.TrimSpace(rest), " ")
	if kind == "1" || kind == "28" {
		return value
	}
	return ""
}
