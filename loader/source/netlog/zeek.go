package netlog

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// The formats are described in Zeek's book, "Log files": a table with comments
// for header, or an object a line.

// zeekTable reads Zeek's own tables.
type zeekTable struct {
	separator, path, unset, empty, set string
	names                              []string
	head                               []string // the comments in force
}

func (z *zeekTable) context() string { return strings.Join(z.head, "\n") + "\n" }

func (z *zeekTable) comment(line string) bool {
	if !strings.HasPrefix(line, "#") {
		return false
	}
	if rest, ok := strings.CutPrefix(line, "#separator "); ok {
		*z = zeekTable{separator: unhex(strings.TrimSpace(rest)), unset: "-", empty: "(empty)", set: ",", head: []string{line}}
		return true
	}
	if z.separator == "" {
		z.separator, z.unset, z.empty, z.set = "\t", "-", "(empty)", ","
	}
	key, rest, _ := strings.Cut(line, z.separator)
	switch key {
	case "#set_separator":
		z.set = rest
	case "#empty_field":
		z.empty = rest
	case "#unset_field":
		z.unset = rest
	case "#path":
		z.path = rest
	case "#fields":
		z.names = strings.Split(rest, z.separator)
	default:
		return true // #open, #close, #types
	}
	const most = 16 // of those above, so that a log of comments stays small
	if len(z.head) < most {
		z.head = append(z.head, line)
	}
	return true
}

// unhex reads the separator's own notation, \x09.
func unhex(s string) string {
	if digits, ok := strings.CutPrefix(s, `\x`); ok {
		if n, err := strconv.ParseUint(digits, 16, 8); err == nil {
			return string([]byte{byte(n)})
		}
	}
	if s == "" {
		return "\t"
	}
	return s
}

func (z *zeekTable) record(line string) (graph.Observation, error) {
	if z.names == nil {
		return nil, errNoFields
	}
	values := strings.Split(line, z.separator)
	if len(values) != len(z.names) {
		return nil, errForm
	}
	r := zeekRecord{path: z.path, set: z.set, values: make(map[string]string, len(values))}
	for i, value := range values {
		if value != z.unset && value != z.empty {
			r.values[z.names[i]] = value
		}
	}
	return r.observe()
}

// isZeekJSON knows an object of Zeek's by the names that it begins with.
func isZeekJSON(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("{")) {
		return false
	}
	has := func(s string) bool { return bytes.Contains(line, []byte(s)) }
	switch {
	case has(`"winlog"`), has(`"EventID"`), has(`"event_id"`):
		return false
	case has(`"_path":"`) || has(`"_path": "`):
		return has(`"ts"`)
	case has(`"id.orig_h"`):
		return true
	}
	return bytes.HasPrefix(line, []byte(`{"ts":`)) && (has(`"uid":"C`) || has(`"fuid":"F`))
}

// zeekJSON reads objects, one a line.
type zeekJSON struct{}

func (zeekJSON) context() string       { return "" }
func (zeekJSON) comment(_ string) bool { return false }

func (zeekJSON) record(line string) (graph.Observation, error) {
	dec := json.NewDecoder(strings.NewReader(line))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil || dec.More() {
		return nil, errForm
	}
	r := zeekRecord{set: "\x00", values: make(map[string]string, len(object))}
	r.flatten("", object)
	if r.path = r.values["_path"]; r.path == "" {
		r.path = r.kind()
	}
	return r.observe()
}

// flatten keeps scalars and lists of them under dotted names.
func (r *zeekRecord) flatten(prefix string, object map[string]any) {
	for name, v := range object {
		switch v := v.(type) {
		case map[string]any:
			if prefix == "" {
				r.flatten(name+".", v)
			}
		case []any:
			parts := make([]string, 0, len(v))
			for _, part := range v {
				parts = append(parts, scalar(part))
			}
			r.values[prefix+name] = strings.Join(parts, r.set)
		default:
			r.values[prefix+name] = scalar(v)
		}
	}
}

func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// zeekRecord is a line of a log, whichever way it was written.
type zeekRecord struct {
	path   string
	set    string // between the values of a list
	values map[string]string
}

// kind tells the log of a record that doesn't name it, by fields which only one
// log has.
func (r *zeekRecord) kind() string {
	has := func(name string) bool { _, ok := r.values[name]; return ok }
	switch {
	case has("conn_state"):
		return "conn"
	case has("trans_id") || has("qtype_name") || has("query"):
		return "dns"
	case has("server_name") || has("cipher") || has("ssl_history"):
		return "ssl"
	case has("trans_depth") || has("uri") || has("status_code"):
		return "http"
	}
	return "another log"
}

// observe says what a record says. The originator is the client.
func (r *zeekRecord) observe() (graph.Observation, error) {
	channel := "zeek/" + r.path
	switch r.path {
	case "conn", "dns", "ssl", "http":
	default:
		if len(channel) > 64 {
			channel = "zeek/another log"
		}
		return nil, errSkip(channel)
	}
	at, ok := zeekTime(r.values["ts"])
	if !ok {
		return nil, errNoTime
	}
	client, ok := graph.NormalIP(r.values["id.orig_h"])
	if !ok {
		return nil, errNoClient
	}
	f := &graph.FlowSeen{
		Header: header(channel, at), ClientIP: client, ClientPort: port(r.values["id.orig_p"]),
		RemotePort: port(r.values["id.resp_p"]), Protocol: "tcp", Source: "zeek",
	}
	f.RemoteIP, _ = graph.NormalIP(r.values["id.resp_h"])
	switch r.path {
	case "dns":
		return r.dns(f)
	case "conn":
		f.Protocol = strings.ToLower(r.values["proto"])
		f.Sent, f.Received = bytesOf(r.values["orig_bytes"]), bytesOf(r.values["resp_bytes"])
		if strings.HasPrefix(f.Protocol, "icmp") {
			f.ClientPort, f.RemotePort = 0, 0 // type and code
		}
	case "ssl":
		if f.RemoteName = r.values["server_name"]; f.RemoteName == "" {
			return nil, errSkip(channel + " without a name")
		}
	case "http":
		r.http(f)
	}
	if f.RemoteIP == "" && f.RemoteName == "" {
		return nil, errNoRemote
	}
	return f, nil
}

func (r *zeekRecord) dns(f *graph.FlowSeen) (graph.Observation, error) {
	a := &graph.AnswerSeen{
		Header: f.Header, ClientIP: f.ClientIP, ClientPort: f.ClientPort,
		Name: strings.TrimSpace(r.values["query"]), Source: "zeek",
	}
	if a.Name == "" {
		return nil, errSkip("zeek/dns without a name")
	}
	seen := map[string]bool{}
	for _, answer := range strings.Split(r.values["answers"], r.set) {
		if ip, ok := graph.NormalIP(answer); ok && !seen[ip] {
			seen[ip] = true
			a.Answers = append(a.Answers, ip)
		}
	}
	return a, nil
}

// http reads a request. One that went to a proxy names its destination in the
// URI, and the responder is the proxy then.
func (r *zeekRecord) http(f *graph.FlowSeen) {
	f.Sent, f.Received = bytesOf(r.values["request_body_len"]), bytesOf(r.values["response_body_len"])
	f.User = r.values["username"]
	name, p := target(r.values["method"], r.values["uri"])
	if name != "" {
		f.RemoteIP, f.RemotePort = "", p
		remote(f, name)
		return
	}
	host, _ := hostPort(r.values["host"])
	if _, isIP := graph.NormalIP(host); !isIP {
		f.RemoteName = host
	}
}

// zeekTime reads seconds since 1970 with a fraction, or ISO 8601.
func zeekTime(s string) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return at.UTC(), true
	}
	return epoch(s)
}
