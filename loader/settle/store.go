package settle

import "context"

// Store is the part of the database that settling reads.
type Store interface {
	// Processes are the stored ones with one of these keys, units (host and
	// PID), parent units, or seconds (host and epoch second, see Process.Second).
	Processes(ctx context.Context, by Lookup) ([]*Process, error)
	// Talks restores the network side of processes, by their keys.
	Talks(ctx context.Context, keys []string) (map[string]*Talk, error)
	// Tasks are the stored ones with one of these keys.
	Tasks(ctx context.Context, keys []string) ([]*Task, error)
	// Runs are the stored ones with one of these keys, or of the windows.
	Runs(ctx context.Context, keys []string, windows []Window) ([]*Run, error)
	// Roots are the candidates for having been started by a task, in the
	// windows, as the database has them, with their parents.
	Roots(ctx context.Context, windows []Window) ([]StoredRoot, error)
	// Plans are the definitions of all tasks of the hosts while in force.
	Plans(ctx context.Context, hosts []string) (map[string][]StoredPlan, error)
	// Definitions are what definitions start, by key, whether in force or not.
	Definitions(ctx context.Context, keys []string) (map[string]Matcher, error)
	// Hosts are the stored ones with one of these keys.
	Hosts(ctx context.Context, keys []string) ([]Host, error)
}

// Lookup says which processes to read.
type Lookup struct {
	Keys, Units, ParentUnits, Seconds []string
}

// Window is a stretch of a host's time; zero ends are open.
type Window struct {
	Host string
	Span Span
}

// StoredRoot is a root with the edges from tasks that the database has.
type StoredRoot struct {
	Host   string
	Root   *Root
	Spawns map[string]string // task key and type to fingerprint
}
