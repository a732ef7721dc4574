package queries

import (
	"encoding/json"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/fault"
)

// TaskRef names a task.
type TaskRef struct {
	Key  string `json:"key"`
	Host string `json:"host"`
	Path string `json:"path,omitempty"` // absent where the task is only inferred
}

// Reason is a part of a score.
type Reason struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Points float64 `json:"points"`
	Text   string  `json:"text"`
}

// Step is a node of a chain with the link that leads to it.
type Step struct {
	Label       string     `json:"label"`
	Key         string     `json:"key"`
	Name        string     `json:"name"`
	PID         *int64     `json:"pid,omitempty"`
	CommandLine string     `json:"commandLine,omitempty"`
	At          *time.Time `json:"at,omitempty"`
	Via         string     `json:"via,omitempty"`
	Confidence  *float64   `json:"confidence,omitempty"`
}

// ReachingRareDomains are the parameters of tasks-reaching-rare-domains.
type ReachingRareDomains struct {
	Since             *time.Time
	Until             *time.Time
	MaxHosts          int64  `min:"0"`
	Via               string `enum:"any,connected"`
	MinDepth          int64  `min:"1"`
	Host              *string
	Task              *string
	IncludeCandidates bool
	IncludeHandovers  bool
	IncludePrivate    bool
	Limit             int64 `min:"1" max:"10000"`
}

// RareDomainTask is a row of tasks-reaching-rare-domains.
type RareDomainTask struct {
	Task          TaskRef           `json:"task"`
	Destination   string            `json:"destination"`
	Via           string            `json:"via"`
	Endpoints     []string          `json:"endpoints"`
	Hosts         int64             `json:"hosts"`
	HostsObserved int64             `json:"hostsObserved"`
	Runs          int64             `json:"runs"`
	Chains        int64             `json:"chains"`
	Count         int64             `json:"count"`
	Truncated     bool              `json:"truncated,omitempty"`
	FirstSeen     time.Time         `json:"firstSeen"`
	LastSeen      time.Time         `json:"lastSeen"`
	Depth         int64             `json:"depth"`
	Confidence    float64           `json:"confidence"`
	Score         float64           `json:"score"`
	Reasons       []Reason          `json:"reasons"`
	Chain         []Step            `json:"chain"`
	Evidence      []json.RawMessage `json:"evidence"`
}

// Observed are the parameters of hosts-observed.
type Observed struct {
	Since *time.Time
	Until *time.Time
}

// ObservedHosts is the row of hosts-observed.
type ObservedHosts struct {
	Hosts         int64 `json:"hosts"`
	HostsObserved int64 `json:"hostsObserved"`
}

// Tree are the parameters of task-tree.
type Tree struct {
	Task              string
	Host              *string
	IncludeCandidates bool
	IncludeHandovers  bool
	Limit             int64 `min:"1" max:"10000"`
}

func (p *Tree) check() error {
	if p.Host == nil && !hasSep(p.Task) {
		return fault.New(fault.Invalid, "parameter task: %q is a path, which many hosts may have", p.Task).
			WithHint("say which host, or give the task's key, as host|path")
	}
	return nil
}

// TreeProcess is a row of task-tree.
type TreeProcess struct {
	Task        string            `json:"task"`
	Depth       int64             `json:"depth"`
	Key         string            `json:"key"`
	Parent      string            `json:"parent,omitempty"`
	Host        string            `json:"host"`
	PID         *int64            `json:"pid,omitempty"`
	Name        string            `json:"name,omitempty"`
	Image       string            `json:"image,omitempty"`
	CommandLine string            `json:"commandLine,omitempty"`
	Decoded     string            `json:"decoded,omitempty"`
	User        string            `json:"user,omitempty"`
	Seen        time.Time         `json:"seen"`
	StartedAt   *time.Time        `json:"startedAt,omitempty"`
	EndedAt     *time.Time        `json:"endedAt,omitempty"`
	Observed    bool              `json:"observed"`
	At          *time.Time        `json:"at,omitempty"`
	Via         string            `json:"via,omitempty"`
	Confidence  *float64          `json:"confidence,omitempty"`
	Handovers   int64             `json:"handovers,omitempty"`
	Contacts    []Contact         `json:"contacts"`
	Evidence    []json.RawMessage `json:"evidence"`
}

// Contact is what a process had to do with an endpoint.
type Contact struct {
	Endpoint       string            `json:"endpoint"`
	Destination    string            `json:"destination"`
	Scope          string            `json:"scope,omitempty"`
	How            string            `json:"how"` // connected, resolved, accepted
	Answered       *bool             `json:"answered,omitempty"`
	Count          int64             `json:"count"`
	Truncated      bool              `json:"truncated,omitempty"`
	FirstSeen      time.Time         `json:"firstSeen"`
	LastSeen       time.Time         `json:"lastSeen"`
	IPs            []string          `json:"ips,omitempty"`
	Ports          []int64           `json:"ports,omitempty"`
	Protocols      []string          `json:"protocols,omitempty"`
	NameConfidence *float64          `json:"nameConfidence,omitempty"`
	Evidence       []json.RawMessage `json:"evidence"`
}

// Ancestry are the parameters of process-ancestry.
type Ancestry struct {
	Process           *string
	Host              *string
	PID               *int64 `min:"0" max:"4294967295"`
	IncludeCandidates bool
	IncludeHandovers  bool
	Limit             int64 `min:"1" max:"10000"`
}

func (p *Ancestry) check() error {
	if p.Process == nil && (p.Host == nil || p.PID == nil) {
		return fault.New(fault.Invalid, "parameter process is missing").
			WithHint("give a process's key or GUID, or host and pid")
	}
	return nil
}

// Ancestor is a row of process-ancestry.
type Ancestor struct {
	Process     string            `json:"process"`
	Distance    int64             `json:"distance"`
	Label       string            `json:"label"`
	Key         string            `json:"key"`
	Host        string            `json:"host"`
	Name        string            `json:"name,omitempty"`
	PID         *int64            `json:"pid,omitempty"`
	Image       string            `json:"image,omitempty"`
	CommandLine string            `json:"commandLine,omitempty"`
	User        string            `json:"user,omitempty"`
	StartedAt   *time.Time        `json:"startedAt,omitempty"`
	EndedAt     *time.Time        `json:"endedAt,omitempty"`
	Observed    *bool             `json:"observed,omitempty"`
	At          *time.Time        `json:"at,omitempty"`
	Via         string            `json:"via,omitempty"`
	Confidence  *float64          `json:"confidence,omitempty"`
	Handovers   int64             `json:"handovers,omitempty"`
	Evidence    []json.RawMessage `json:"evidence"`
}

// Contacting are the parameters of domain-contacts.
type Contacting struct {
	Destination string
	Since       *time.Time
	Until       *time.Time
	Via         string `enum:"any,connected"`
	Host        *string
	Limit       int64 `min:"1" max:"10000"`
}

func (p *Contacting) check() error {
	if ip, ok := graph.NormalIP(p.Destination); ok {
		p.Destination = ip
	} else if name, ok := graph.NormalName(p.Destination); ok {
		p.Destination = name
	}
	return nil
}

// DomainContact is a row of domain-contacts.
type DomainContact struct {
	Destination string            `json:"destination"`
	Process     string            `json:"process"`
	Host        string            `json:"host"`
	PID         *int64            `json:"pid,omitempty"`
	Name        string            `json:"name,omitempty"`
	Image       string            `json:"image,omitempty"`
	CommandLine string            `json:"commandLine,omitempty"`
	User        string            `json:"user,omitempty"`
	StartedAt   *time.Time        `json:"startedAt,omitempty"`
	Via         string            `json:"via"`
	Endpoints   []string          `json:"endpoints"`
	Count       int64             `json:"count"`
	Truncated   bool              `json:"truncated,omitempty"`
	FirstSeen   time.Time         `json:"firstSeen"`
	LastSeen    time.Time         `json:"lastSeen"`
	Tasks       []TaskAbove       `json:"tasks"`
	Evidence    []json.RawMessage `json:"evidence"`
}

// TaskAbove is a task that a process descends from.
type TaskAbove struct {
	Key   string `json:"key"`
	Path  string `json:"path,omitempty"`
	Depth int64  `json:"depth"`
}

// Inventory are the parameters of tasks.
type Inventory struct {
	Host      *string
	Path      *string
	Principal *string
	Named     *bool
	Hidden    *bool
	Since     *time.Time
	Limit     int64 `min:"1" max:"10000"`
}

// Task is a row of tasks.
type Task struct {
	Key         string            `json:"key"`
	Host        string            `json:"host"`
	Path        string            `json:"path,omitempty"`
	Name        string            `json:"name,omitempty"`
	Named       bool              `json:"named"`
	Registered  bool              `json:"registered"`
	Author      string            `json:"author,omitempty"`
	Principal   string            `json:"principal,omitempty"`
	RunLevel    string            `json:"runLevel,omitempty"`
	Hidden      *bool             `json:"hidden,omitempty"`
	Enabled     *bool             `json:"enabled,omitempty"`
	CreatedAt   *time.Time        `json:"createdAt,omitempty"`
	DeletedAt   *time.Time        `json:"deletedAt,omitempty"`
	FirstSeen   *time.Time        `json:"firstSeen,omitempty"`
	LastSeen    *time.Time        `json:"lastSeen,omitempty"`
	Commands    []string          `json:"commands"`
	Decoded     []json.RawMessage `json:"decoded,omitempty"`
	Definitions int64             `json:"definitions"`
	Runs        int64             `json:"runs"`
	Candidates  int64             `json:"candidates"`
}

// Originating are the parameters of task-origins.
type Originating struct {
	Task   *string
	Host   *string
	Change *string `enum:"created,updated,deleted,enabled,disabled,registered"`
	Remote *bool
	Since  *time.Time
	Until  *time.Time
	Limit  int64 `min:"1" max:"10000"`
}

// TaskOrigin is a row of task-origins.
type TaskOrigin struct {
	Task        string            `json:"task"`
	Host        string            `json:"host"`
	Path        string            `json:"path,omitempty"`
	Row         string            `json:"row"`
	Change      string            `json:"change"`
	Actor       string            `json:"actor"`
	Key         string            `json:"key"`
	Name        string            `json:"name"`
	ActorHost   string            `json:"actorHost,omitempty"`
	PID         *int64            `json:"pid,omitempty"`
	CommandLine string            `json:"commandLine,omitempty"`
	User        string            `json:"user,omitempty"`
	Via         string            `json:"via,omitempty"`
	Confidence  *float64          `json:"confidence,omitempty"`
	Count       int64             `json:"count"`
	FirstSeen   time.Time         `json:"firstSeen"`
	LastSeen    time.Time         `json:"lastSeen"`
	Attended    *bool             `json:"attended,omitempty"`
	Evidence    []json.RawMessage `json:"evidence"`
}
