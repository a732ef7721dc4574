package loader

import (
	"encoding/json"
	"strings"

	"github.com/taskroot/taskroot/loader/decode"
	"github.com/taskroot/taskroot/loader/settle"
	"github.com/taskroot/taskroot/loader/taskxml"
)

// decoded is a command of a definition that had something to decode, as it is stored.
type decoded struct {
	Command   string          `json:"command"`
	Text      string          `json:"text"`
	Steps     []decode.Step   `json:"steps"`
	Truncated bool            `json:"truncated,omitempty"`
	Targets   []decode.Target `json:"targets,omitempty"`
}

// undo decodes the actions of a task: a JSON text for each command that had
// something to decode, and the endpoints that the commands name, in order. It is a function of the actions, which the definition's key is a hash of.
func undo(actions []taskxml.Action) (texts []string, names []settle.Name) {
	var commands []string
	for _, a := range actions {
		switch a.Kind {
		case taskxml.Exec:
			commands = append(commands, strings.TrimSpace(a.Command+" "+a.Arguments))
		case taskxml.ComHandler:
			commands = append(commands, a.Data)
		}
	}
	proxy := map[string]bool{}
	for i, r := range decode.Task(commands) {
		for _, t := range r.Targets {
			only, known := proxy[t.Host]
			proxy[t.Host] = t.Kind == decode.Proxy && (only || !known)
		}
		if len(r.Steps) == 0 {
			continue
		}
		b, err := json.Marshal(decoded{commands[i], r.Text, r.Steps, r.Truncated, r.Targets})
		if err == nil { // strings and numbers only: there is nothing to go wrong
			texts = append(texts, string(b))
		}
	}
	for _, key := range sorted(proxy) {
		names = append(names, settle.Name{Endpoint: key, Proxy: proxy[key]})
	}
	return texts, names
}

// destinations are what a command line names and a web proxy can lead to: normal
// names and canonical IPs. A share is none.
func destinations(command string) []string {
	var out []string
	for _, t := range decode.CommandLine(command).Targets {
		share := strings.HasPrefix(t.URL, `\\`) || strings.HasPrefix(t.URL, "//") || strings.HasPrefix(strings.ToLower(t.URL), "file:")
		if t.Kind != decode.Proxy && !share {
			out = append(out, t.Host)
		}
	}
	return out
}
