package queries_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/graphdb"
)

// small is a graph in the making, from the lines of a case file.
type small struct {
	testing.TB
	rows  map[string][]any // by fixture statement
	hosts map[string]bool
	keys  map[string]string // of a process, by how a line refers to it
	now   time.Time         // of the next start
}

// kinds are the fixture statements in the order they run.
var kinds = []string{"host", "task", "definition", "process", "parent", "handover", "start", "candidate", "contact", "deed", "coverage", "launch"}

var defaultTime = time.Date(2024, 5, 2, 10, 0, 0, 0, time.UTC)

func newSmall(t testing.TB, lines []string) *small {
	g := &small{TB: t, rows: map[string][]any{}, hosts: map[string]bool{}, keys: map[string]string{}, now: time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC)}
	for _, line := range lines {
		words := strings.Fields(line)
		verb, words := words[0], words[1:]
		options := map[string]string{}
		words = slices.DeleteFunc(words, func(w string) bool {
			key, value, ok := strings.Cut(w, "=")
			if ok {
				options[key] = value
			}
			return ok
		})
		g.line(verb, words, options)
	}
	return g
}

// write puts the graph into the database, after the lines are all read, so
// that their order doesn't matter.
func (g *small) write(r graphdb.Runner) {
	for _, kind := range kinds {
		if len(g.rows[kind]) > 0 {
			runFixture(g, r, kind, map[string]any{"rows": g.rows[kind]})
		}
	}
}

func runFixture(t testing.TB, r graphdb.Runner, name string, params map[string]any) {
	t.Helper()
	text, err := os.ReadFile("testdata/fixture/" + name + ".cypher")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context(), graphdb.Statement{Name: "fixture-" + name, Text: string(text)}, params, nil); err != nil {
		t.Fatalf("fixture %s: %v", name, err)
	}
}

func (g *small) add(kind string, row ...any) { g.rows[kind] = append(g.rows[kind], row) }

func (g *small) host(key string) string {
	if !g.hosts[key] {
		g.hosts[key] = true
		g.add("host", key)
	}
	return key
}

func (g *small) line(verb string, words []string, options map[string]string) {
	switch verb {
	case "host":
		for _, h := range hostRange(words[0]) {
			g.host(h)
		}
	case "task":
		g.task(words, options)
	case "process":
		g.process(g.host(words[0]), words[1], options)
		if len(words) == 4 { // parent P
			g.add("parent", g.key(words[3]), g.key(words[1]), confidence(options))
		}
	case "chain": // host name count under P
		above, n := g.key(words[4]), number(g, words[2])
		for i := range n {
			ref := fmt.Sprintf("%s#%d", words[1], 1000+i+1)
			g.process(g.host(words[0]), ref, nil)
			g.add("parent", above, g.key(ref), confidence(options))
			above = g.key(ref)
		}
	case "spawn":
		g.add("parent", g.key(words[0]), g.key(words[1]), confidence(options))
	case "handover": // TYPE P P
		g.add("handover", g.key(words[1]), g.key(words[2]), words[0], confidence(options))
	case "deed":
		g.deed(words, options)
	case "coverage":
		g.coverage(words, options)
	case "launch": // HOST PATH TIME
		g.add("launch", graph.TaskKey(words[0], words[1]), when(g, words[2]))
	case "connect", "resolve", "accept", "may-connect":
		g.contact(verb, words, options)
	case "hosts": // h2..h5 reach NAME
		for _, h := range hostRange(words[0]) {
			g.process(g.host(h), h+"/browser#1", nil)
			g.contact("connect", []string{h + "/browser#1", words[2]}, options)
		}
	default:
		g.Fatalf("a graph has no %q", verb)
	}
}

func number(t testing.TB, text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func hostRange(text string) []string {
	m := regexp.MustCompile(`^h(\d+)\.\.h(\d+)$`).FindStringSubmatch(text)
	if m == nil {
		return []string{text}
	}
	from, _ := strconv.Atoi(m[1])
	to, _ := strconv.Atoi(m[2])
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, "h"+strconv.Itoa(i))
	}
	return out
}

func confidence(options map[string]string) float64 {
	if c, err := strconv.ParseFloat(options["confidence"], 64); err == nil {
		return c
	}
	return 1
}

// task: host path [starts P]... [may-start P]...; ?name is one without a path.
func (g *small) task(words []string, options map[string]string) {
	host, path := g.host(words[0]), any(words[1])
	key := graph.TaskKey(host, words[1])
	if strings.HasPrefix(words[1], "?") {
		key, path = host+"|"+words[1], nil
	}
	if !slices.ContainsFunc(g.rows["task"], func(r any) bool { return r.([]any)[0] == key }) {
		g.add("task", key, host, path, properties(options, "confidence", "weight", "runs"))
		if commands, ok := options["runs"]; ok {
			for i, c := range strings.Split(commands, ",") {
				g.add("definition", key, key+strconv.Itoa(i), g.now.AddDate(0, 0, i), []string{c})
			}
		}
	}
	for i := 2; i+1 < len(words); i += 2 {
		switch words[i] {
		case "starts":
			g.add("start", key, g.key(words[i+1]), confidence(options))
		case "may-start":
			weight, _ := strconv.ParseFloat(options["weight"], 64)
			g.add("candidate", key, g.key(words[i+1]), weight)
		}
	}
}

// key is a process's: a reference is name#pid, or host/name#pid where several
// hosts have one.
func (g *small) key(ref string) string { return "p:" + ref }

func (g *small) process(host, ref string, options map[string]string) {
	image, pid, _ := strings.Cut(ref[strings.LastIndexByte(ref, '/')+1:], "#")
	g.now = g.now.Add(time.Minute)
	at := g.now
	if text, ok := options["at"]; ok {
		at = when(g, text)
	}
	g.add("process", g.key(ref), host, image, number(g, pid), at, properties(options, "confidence", "at"))
}

// deed: TYPE LABEL KEY HOST PATH; an address is where the task points to.
func (g *small) deed(words []string, options map[string]string) {
	label, key := words[1], words[2]
	if label == graph.LabelProcess {
		key = g.key(key)
	}
	props := properties(options)
	for _, end := range []string{"firstSeen", "lastSeen"} {
		if props[end] == nil {
			props[end] = defaultTime
		}
	}
	if via, ok := options["via"]; ok {
		props["via"] = via
		if label == graph.LabelProcess && words[0] != graph.RelRegistered {
			props["via"] = strings.Split(via, ",")
		}
	}
	g.add("deed", label, key, graph.TaskKey(words[3], words[4]), words[0], label == graph.LabelAddress, props)
}

// coverage: HOST DAY and lists, each with commas.
func (g *small) coverage(words []string, options map[string]string) {
	host := g.host(words[0])
	props := map[string]any{"firstSeen": when(g, words[1]+"T08:00Z"), "lastSeen": when(g, words[1]+"T20:00Z")}
	for _, name := range []string{"events", "kinds", "notes", "gaps"} {
		props[name] = strings.FieldsFunc(options[name], func(r rune) bool { return r == ',' })
	}
	if options["moreGaps"] != "" {
		props["moreGaps"] = true
	}
	g.add("coverage", host+"|"+words[1], host, words[1], props)
}

// contact: P NAME [time]... [unanswered=true] [more properties].
func (g *small) contact(verb string, words []string, options map[string]string) {
	kinds := map[string]string{"connect": graph.RelConnected, "resolve": graph.RelResolved, "accept": graph.RelAccepted, "may-connect": graph.RelMayHaveConnected}
	times := []time.Time{}
	for _, w := range words[2:] {
		times = append(times, when(g, w))
	}
	if len(times) == 0 {
		times = append(times, defaultTime)
	}
	name, kind, scope := words[1], "name", graph.Public
	var domain, suffix any
	if ip, ok := graph.NormalIP(name); ok {
		name, kind, scope = ip, "ip", graph.IPScope(ip)
	} else if !strings.Contains(name, ".") {
		scope = graph.Internal
	} else {
		domain, suffix = graph.Domain(name)
	}
	props := properties(options, "unanswered")
	if verb == "resolve" {
		props["answered"] = options["unanswered"] == ""
	}
	g.add("contact", g.key(words[0]), name, kind, string(scope), domain, suffix, kinds[verb], times, props)
}

func when(t testing.TB, text string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04Z", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	t.Fatalf("no time: %q", text)
	return time.Time{}
}

// properties are the options that go onto the node or edge as they are.
func properties(options map[string]string, not ...string) map[string]any {
	out := map[string]any{}
	for k, v := range options {
		if slices.Contains(not, k) {
			continue
		}
		out[k] = v
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			out[k] = f
		}
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && k != "nameConfidence" {
			out[k] = n
		}
		if b, err := strconv.ParseBool(v); err == nil && (v == "true" || v == "false") {
			out[k] = b
		}
		if at, err := time.Parse("2006-01-02T15:04Z", v); err == nil {
			out[k] = at.UTC()
		}
	}
	return out
}
