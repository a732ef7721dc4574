package settle

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// keepEvidence is how many of the first and of the last source records are kept.
const keepEvidence = 3

// Evidence is a source record behind a node or an edge. Of says which part of
// an edge it speaks of (see [EvidenceID]), so that it can move with that part.
type Evidence struct {
	graph.Evidence
	Of string
}

// Evidences are the first and the last few source records by time.
type Evidences []Evidence

// Add puts e in its place.
func (l Evidences) Add(e graph.Evidence, of string) Evidences {
	return l.Join(Evidences{{e, of}})
}

// Join is the union of both, cut to the first and last few.
func (l Evidences) Join(o Evidences) Evidences {
	if len(o) == 0 {
		return l
	}
	all := slices.Concat(l, o)
	slices.SortFunc(all, compareEvidence)
	all = slices.CompactFunc(all, func(a, b Evidence) bool { return compareEvidence(a, b) == 0 })
	if len(all) > 2*keepEvidence {
		all = slices.Concat(all[:keepEvidence], all[len(all)-keepEvidence:])
	}
	return all
}

func compareEvidence(a, b Evidence) int {
	return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Channel, b.Channel), cmp.Compare(a.Record, b.Record),
		cmp.Compare(a.EventID, b.EventID), strings.Compare(a.Source, b.Source), strings.Compare(a.Of, b.Of))
}

type storedEvidence struct {
	Source  string    `json:"source"`
	Channel string    `json:"channel"`
	Record  uint64    `json:"record"`
	EventID uint32    `json:"eventId"`
	Time    time.Time `json:"time"`
	Of      string    `json:"of,omitempty"`
}

// Encode gives the list as the database holds it: JSON texts.
func (l Evidences) Encode() []string {
	out := make([]string, 0, len(l))
	for _, e := range l {
		text, err := json.Marshal(storedEvidence{e.Source, e.Channel, e.Record, e.EventID, e.Time.UTC(), e.Of})
		if err == nil {
			out = append(out, string(text))
		}
	}
	return out
}

// DecodeEvidences reads a stored list; what cannot be read is left out.
func DecodeEvidences(texts []string) Evidences {
	var out Evidences
	for _, text := range texts {
		var s storedEvidence
		if json.Unmarshal([]byte(text), &s) == nil {
			e := graph.Evidence{Source: s.Source, Channel: s.Channel, Record: s.Record, EventID: s.EventID, Time: s.Time}
			out = append(out, Evidence{e, s.Of})
		}
	}
	return out
}

// ByPart deals evidence out by the part of the edge it speaks of.
func (l Evidences) ByPart() map[string]Evidences {
	parts := map[string]Evidences{}
	for _, e := range l {
		parts[e.Of] = append(parts[e.Of], e)
	}
	return parts
}
