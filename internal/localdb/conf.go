package localdb

import (
	"fmt"
	"strings"
)

// setting is one line of neo4j.conf.
type setting struct{ name, value string }

// memoryFor chooses heap and page cache for a machine's memory, both in MB: an
// eighth each, within bounds that fit a laptop and a graph of some ten million
// nodes. Zero means the memory is not known.
func memoryFor(machineMB int) (heap, pages int) {
	if machineMB == 0 {
		return 1024, 512
	}
	return min(max(machineMB/8, 512), 2048), min(max(machineMB/8, 256), 1024)
}

// settings are those that hold however the server is run.
func settings(o Options, s server) []setting {
	return []setting{
		{"dbms.security.auth_enabled", "true"},
		{"server.https.enabled", "false"},
		{"server.bolt.advertised_address", fmt.Sprintf("127.0.0.1:%d", s.BoltPort)},
		{"server.http.advertised_address", fmt.Sprintf("127.0.0.1:%d", s.HTTPPort)},
		{"server.memory.heap.initial_size", fmt.Sprintf("%dm", min(o.HeapMB, 256))},
		{"server.memory.heap.max_size", fmt.Sprintf("%dm", o.HeapMB)},
		{"server.memory.pagecache.size", fmt.Sprintf("%dm", o.PageCacheMB)},
		// Neo4j's own limits are "none": one query could take the server down.
		{"db.transaction.timeout", "10m"},
		{"dbms.memory.transaction.total.max", fmt.Sprintf("%dm", o.HeapMB*3/4)},
		{"db.memory.transaction.max", fmt.Sprintf("%dm", o.HeapMB/2)},
		// Nothing leaves the machine, and no query reads files.
		{"dbms.usage_report.enabled", "false"},
		{"client.allow_telemetry", "false"},
		{"dbms.security.allow_csv_import_from_file_urls", "false"},
		// Kept short: the graph can be loaded again from its sources.
		{"db.tx_log.rotation.retention_policy", "1 days 512M"},
		{"db.tx_log.preallocate", "false"}, // half a gigabyte before the first node
	}
}

// javaConf is the neo4j.conf of a server run by Java.
func (i instance) javaConf(o Options, s server) string {
	all := append([]setting{
		{"server.default_listen_address", "127.0.0.1"},
		{"server.bolt.listen_address", fmt.Sprintf("127.0.0.1:%d", s.BoltPort)},
		{"server.http.listen_address", fmt.Sprintf("127.0.0.1:%d", s.HTTPPort)},
		{"server.directories.data", i.path("data")},
		{"server.directories.logs", i.path("logs")},
		{"server.directories.import", i.path("import")},
		{"server.directories.run", i.path("run")},
	}, settings(o, s)...)
	var text strings.Builder
	text.WriteString("# Written anew by each 'taskroot db up'.\n")
	for _, line := range all {
		// A backslash is an escape in this format.
		fmt.Fprintf(&text, "%s=%s\n", line.name, strings.ReplaceAll(line.value, `\`, `\\`))
	}
	return text.String()
}

// containerEnv is the same as environment variables of a Neo4j image, where
// "_" stands for "." and "__" for "_".
func containerEnv(o Options, s server) []string {
	var env []string
	for _, line := range settings(o, s) {
		name := strings.ReplaceAll(strings.ReplaceAll(line.name, "_", "__"), ".", "_")
		env = append(env, "NEO4J_"+name+"="+line.value)
	}
	return env
}
