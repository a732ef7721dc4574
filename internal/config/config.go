// Package config says what can be configured and fills it: defaults, then a
// file, then the environment, then flags; the later wins. It is the only
// package that knows viper.
//
// Every key is one row of the table in keys.go. A key in the file that is not
// in the table is an error, so that a misspelt setting is never a silent
// default. For every key it is known where its value came from.
package config

import "time"

// Config is everything that can be configured, typed and checked.
type Config struct {
	Neo4j   Neo4j
	API     API
	Load    Load
	Hosts   Hosts
	Names   Names
	Network Network
	Hunt    Hunt
	Log     Log
}

// Neo4j says where the database is and how to get in.
type Neo4j struct {
	URI      string
	Username string
	// Password is the password itself; where PasswordFile was given it has been
	// read from there.
	Password     string
	PasswordFile string
	Database     string
	Timeout      time.Duration // longest a single transaction may run
}

// API says how the REST API is served.
type API struct {
	Listen string // host:port
	// Keys are the accepted API keys, each as itself or as "sha256:" and the
	// hash in hexadecimal; those of KeysFile included.
	Keys     []string
	KeysFile string
	// Hosts are further names under which a browser may call a server that
	// listens on loopback.
	Hosts           []string
	ReadTimeout     time.Duration
	WriteTimeout    time.Duration
	IdleTimeout     time.Duration
	ShutdownTimeout time.Duration
}

// Load says how telemetry is loaded.
type Load struct {
	BatchSize int
	RejectDir string // "" means beside the working directory's other output
	// ClockOffset is added to times that state no zone and can't be checked; ""
	// leaves their clock unknown.
	ClockOffset string
}

// Offset is the configured clock offset, and whether there is one.
func (l Load) Offset() (offset time.Duration, ok bool) {
	offset, err := time.ParseDuration(l.ClockOffset)
	return offset, err == nil
}

// Hosts says which host names mean the same machine.
type Hosts struct {
	Aliases map[string]string // from a name, lower case, to the name it is kept under
	// Addresses are the IPs of hosts whose own logs hold no connection, several
	// parted by spaces: by them the network's records are tied to hosts.
	Addresses map[string]string
}

// Names says which DNS names are the organisation's own.
type Names struct {
	InternalSuffixes []string
}

// Network says what stands between processes and where they go.
type Network struct {
	Proxies []string // each host, host:port, IP, IP:port or [IPv6]:port
}

// Hunt says how batch hunts run.
type Hunt struct {
	Schedule bool          // whether serve runs hunts on their schedule
	Timeout  time.Duration // longest a hunt may run
	// Every and Window replace what a hunt's own header says, by hunt name.
	Every  map[string]time.Duration
	Window map[string]time.Duration
}

// Log says what is logged and how.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // auto, text, json
}
