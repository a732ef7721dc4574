package loader

import (
	"maps"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

// Tally is what became of each record. Each is in exactly one place:
// Read = Stored + Merged + all Skipped + all Rejected.
type Tally struct {
	Import        string         `json:"import"`
	Files         int            `json:"files"`
	Read          int            `json:"read"`
	Stored        int            `json:"stored"`
	Merged        int            `json:"merged"`
	Skipped       map[string]int `json:"skipped"`
	Rejected      map[string]int `json:"rejected"`
	Nodes         map[string]int `json:"nodes"`
	Relationships map[string]int `json:"relationships"`
	Seconds       float64        `json:"seconds"`
	// Ambiguous are sightings that fit more than one process and were kept apart.
	Ambiguous int `json:"ambiguous,omitempty"`
	// ClockUnknown are records whose clock could not be corrected.
	ClockUnknown int `json:"clockUnknown,omitempty"`
	// BadDefinitions are task definitions that could not be parsed; the records
	// they came in were loaded without them.
	BadDefinitions int `json:"badDefinitions,omitempty"`
	// Waiting are records of followed files that wait for their clock to become
	// known. They are in no other number: the next start takes them.
	Waiting int `json:"waiting,omitempty"`
	// RejectFile holds the rejected input, to be loaded again; "" for none.
	RejectFile string `json:"rejectFile,omitempty"`
}

func newTally(id string) Tally {
	return Tally{
		Import: id, Skipped: map[string]int{}, Rejected: map[string]int{}, Nodes: map[string]int{}, Relationships: map[string]int{},
	}
}

// Sum adds up a column of the tally.
func Sum(m map[string]int) int {
	n := 0
	for v := range maps.Values(m) {
		n += v
	}
	return n
}

// clone is a tally that shares nothing with t.
func (t *Tally) clone() Tally {
	c := *t
	c.Skipped, c.Rejected = maps.Clone(t.Skipped), maps.Clone(t.Rejected)
	c.Nodes, c.Relationships = maps.Clone(t.Nodes), maps.Clone(t.Relationships)
	return c
}

func newMade() *made {
	return &made{nodes: map[string]int{}, edges: map[string]int{}}
}

func (t *Tally) add(c *settle.Changes, m *made) {
	made := m.nodes[graph.LabelAccess] + m.edges[graph.RelFlowed] + m.edges[graph.RelAsked]
	t.Stored += c.Stored + made
	t.Merged += c.Merged + c.Others - made
	t.Ambiguous += c.Ambiguous
	for label, n := range m.nodes {
		if n > 0 {
			t.Nodes[label] += n
		}
	}
	for kind, n := range m.edges {
		if n > 0 {
			t.Relationships[kind] += n
		}
	}
}
