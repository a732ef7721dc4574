package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// key is one setting: its name, the field it fills, and what is known of it.
// The field's type says how a value is read.
type key struct {
	name   string
	field  any // *string, *int, *bool, *time.Duration, *[]string, *map[string]string, *map[string]time.Duration
	def    string
	env    []string // variables beside TASKROOT_…, asked after it
	secret bool
	check  func(string) error
	help   string
}

// keys is the table of all settings, bound to the fields of c.
func keys(c *Config) []key {
	return []key{
		{name: "neo4j.uri", field: &c.Neo4j.URI, def: "bolt://127.0.0.1:7687", env: []string{"NEO4J_URI"}, check: isURI,
			help: "where the database answers"},
		{name: "neo4j.username", field: &c.Neo4j.Username, def: "neo4j", env: []string{"NEO4J_USERNAME"}, help: "user name"},
		{name: "neo4j.password", field: &c.Neo4j.Password, env: []string{"NEO4J_PASSWORD"}, secret: true, help: "password"},
		{name: "neo4j.password_file", field: &c.Neo4j.PasswordFile, help: "file whose first line is the password"},
		{name: "neo4j.database", field: &c.Neo4j.Database, def: "neo4j", env: []string{"NEO4J_DATABASE"}, help: "name of the database"},
		{name: "neo4j.timeout", field: &c.Neo4j.Timeout, def: "2m", check: positive, help: "longest a single transaction may run"},

		{name: "api.listen", field: &c.API.Listen, def: "127.0.0.1:8844", check: isAddress, help: "address the REST API listens on"},
		{name: "api.keys", field: &c.API.Keys, secret: true, help: "accepted API keys, each as itself or as sha256:<hex>"},
		{name: "api.keys_file", field: &c.API.KeysFile, help: "file with one API key a line"},
		{name: "api.hosts", field: &c.API.Hosts, help: "further host names under which the API may be called"},
		{name: "api.read_timeout", field: &c.API.ReadTimeout, def: "10s", check: positive, help: "longest a request may take to arrive"},
		{name: "api.write_timeout", field: &c.API.WriteTimeout, def: "3m", check: positive, help: "longest an answer may take"},
		{name: "api.idle_timeout", field: &c.API.IdleTimeout, def: "2m", check: positive, help: "longest an idle connection is kept"},
		{name: "api.shutdown_timeout", field: &c.API.ShutdownTimeout, def: "10s", check: positive, help: "longest to wait for open requests at the end"},

		{name: "load.batch_size", field: &c.Load.BatchSize, def: "5000", check: positive, help: "rows written in one transaction"},
		{name: "load.reject_dir", field: &c.Load.RejectDir, help: "folder for the files of rejected input"},
		{name: "load.clock_offset", field: &c.Load.ClockOffset, check: isOffset, help: "what to add to times that state no zone and can't be checked"},

		{name: "hosts.aliases", field: &c.Hosts.Aliases, help: "host names that mean another host"},
		{name: "hosts.addresses", field: &c.Hosts.Addresses, help: "IPs of hosts whose own logs show none, several parted by spaces"},
		{name: "names.internal_suffixes", field: &c.Names.InternalSuffixes, help: "DNS suffixes that are the organisation's own"},

		{name: "network.proxies", field: &c.Network.Proxies, check: isProxies, help: "web proxies: host or IP, with or without port"},

		{name: "hunt.schedule", field: &c.Hunt.Schedule, def: "true", help: "whether serve runs hunts on their schedule"},
		{name: "hunt.timeout", field: &c.Hunt.Timeout, def: "10m", check: positive, help: "longest a hunt may run"},
		{name: "hunt.every", field: &c.Hunt.Every, help: "how often a hunt runs, by its name"},
		{name: "hunt.window", field: &c.Hunt.Window, help: "how far back a hunt looks, by its name"},

		{name: "log.level", field: &c.Log.Level, def: "info", check: oneOf("debug", "info", "warn", "error"), help: "least severity that is logged"},
		{name: "log.format", field: &c.Log.Format, def: "auto", check: oneOf("auto", "text", "json"), help: "form of a log line; auto is text on a terminal, else JSON"},
	}
}

// variable is the environment variable that always sets the key.
func (k key) variable() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(k.name, ".", "_"))
}

// variables are all that set the key, the strongest first.
func (k key) variables() []string { return append([]string{k.variable()}, k.env...) }

// isMap says that the keys below k are the user's own.
func (k key) isMap() bool {
	switch k.field.(type) {
	case *map[string]string, *map[string]time.Duration:
		return true
	}
	return false
}

func isURI(s string) error {
	schemes := []string{"bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme) {
		return errors.New("want an address such as bolt://127.0.0.1:7687")
	}
	if u.User != nil {
		return errors.New("want no user in the address: use neo4j.username and neo4j.password")
	}
	return nil
}

func isAddress(s string) error {
	if _, port, err := net.SplitHostPort(s); err != nil || port == "" {
		return errors.New("want host:port, such as 127.0.0.1:8844")
	}
	return nil
}

func isProxies(list string) error {
	for entry := range strings.SplitSeq(list, ",") {
		host, port := entry, "1"
		if strings.Contains(entry, "]") || strings.Count(entry, ":") == 1 {
			var err error
			if host, port, err = net.SplitHostPort(entry); err != nil {
				host = ""
			}
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" || strings.ContainsAny(host, "/ @") {
			return fmt.Errorf("want host, host:port, IP or IP:port without a scheme, such as proxy.corp.example:8080; this is %q", entry)
		}
	}
	return nil
}

func positive(s string) error {
	if strings.HasPrefix(s, "-") || strings.Trim(s, "0hmsnuµ.") == "" {
		return errors.New("want more than 0")
	}
	return nil
}

func isOffset(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d%(15*time.Minute) != 0 || d.Abs() > 14*time.Hour {
		return errors.New("want a multiple of 15m of at most 14h, such as 5h30m or -8h")
	}
	return nil
}

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		return fmt.Errorf("want one of %s", strings.Join(words, ", "))
	}
}
