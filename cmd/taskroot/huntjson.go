package main

import (
	"encoding/json"
	"time"

	"github.com/taskroot/taskroot/hunt"
	"github.com/taskroot/taskroot/queries"
)

// huntJSON is a hunt in 'hunt list --json'.
type huntJSON struct {
	Name    string      `json:"name"`
	Summary string      `json:"summary"`
	Label   string      `json:"label"`
	Attack  string      `json:"attack,omitempty"`
	Every   string      `json:"every"`  // "0s": only by hand
	Window  string      `json:"window"` // "0s": all data
	Version string      `json:"version"`
	Health  hunt.Health `json:"health"`
	Last    *runJSON    `json:"last,omitempty"`
}

// runJSON is a run in 'hunt runs --json'.
type runJSON struct {
	Run        string          `json:"run"`
	Hunt       string          `json:"hunt"`
	Status     string          `json:"status"`
	Health     hunt.Health     `json:"health"`
	Error      string          `json:"error,omitempty"`
	Version    string          `json:"version,omitempty"`
	Parameters json.RawMessage `json:"parameters,omitempty"`
	StartedAt  time.Time       `json:"startedAt"`
	EndedAt    *time.Time      `json:"endedAt,omitempty"`
	Rows       int64           `json:"rows"`
	Labelled   int64           `json:"labelled"`
	Unlabelled int64           `json:"unlabelled"`
}

func huntsJSON(list []hunt.Listed) []huntJSON {
	out := make([]huntJSON, len(list))
	for i, l := range list {
		out[i] = huntJSON{
			Name: l.Name, Summary: l.Summary, Label: l.Label, Attack: l.Attack,
			Every: l.Every.String(), Window: l.Window.String(), Version: l.Version, Health: l.Health,
		}
		if l.Last.Run != "" {
			out[i].Last = &runsJSON([]queries.HuntRecord{l.Last})[0]
		}
	}
	return out
}

func runsJSON(runs []queries.HuntRecord) []runJSON {
	out := make([]runJSON, len(runs))
	for i, r := range runs {
		out[i] = runJSON{
			Run: r.Run, Hunt: r.Hunt, Status: r.Status, Health: hunt.HealthOf(r.Status), Error: r.Error,
			Version: r.Version, Parameters: r.Parameters, StartedAt: r.StartedAt,
			Rows: r.Rows, Labelled: r.Labelled, Unlabelled: r.Unlabelled,
		}
		if !r.EndedAt.IsZero() {
			out[i].EndedAt = &r.EndedAt
		}
	}
	return out
}
