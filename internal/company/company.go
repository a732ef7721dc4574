// Package company writes the telemetry of a made-up company: hosts with their
// users, services, scheduled tasks and traffic, and among them planted tasks
// that reach rare destinations, told in a truth beside the data.
//
// The same options give the same bytes, whatever the machine. Time passes in
// slices: what is in memory is the state of the hosts and one slice of a few
// of them, however long the company's history is.
package company

import (
	"context"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/taskroot/taskroot/internal/fault"
)

// Format is a way of writing the telemetry.
type Format string

// The formats. All tell of the same company; Defender tells what it would see.
const (
	EvtxJSON   Format = "evtx-json"  // evtx_dump's JSON lines, a file per host and channel
	Winlogbeat Format = "winlogbeat" // Winlogbeat 7 documents as a collector keeps them, a file per day
	Defender   Format = "defender"   // Microsoft Defender's advanced hunting tables as the portal exports them
)

// Formats is every format in the order in which they are told of.
func Formats() []Format { return []Format{EvtxJSON, Winlogbeat, Defender} }

// Options says what company to make. Hosts, Days, Rate and Out must be set.
type Options struct {
	Hosts int
	Days  int
	Seed  uint64
	Out   string // folder; made where it is missing

	// Rate multiplies what goes on beside the planted tasks; 1 is a quiet
	// company of some three thousand events per host and day.
	Rate float64
	// Formats are those to write, empty for all.
	Formats []Format
	// Start is the first midnight, in UTC; zero for 2 March 2026.
	Start time.Time
	// Replace allows a company that is in Out already to go.
	Replace bool
	// Workers is how many hosts are worked on at once, 0 for as many as there
	// are processors. It changes the speed and nothing else.
	Workers int
	// Progress, where set, is called after each slice of time.
	Progress func(Progress)
	// Witness, where set, is told of everything that happens.
	Witness *Witness
}

// Progress is how far a run is.
type Progress struct {
	Done   float64 // 0 to 1
	Events int64
	Bytes  int64
}

// Summary is what a run has written.
type Summary struct {
	Out     string   `json:"out"`
	Truth   string   `json:"truth"`
	Seed    uint64   `json:"seed"`
	Hosts   int      `json:"hosts"`
	Days    int      `json:"days"`
	Rate    float64  `json:"rate"`
	Formats []Format `json:"formats"`
	Events  int64    `json:"events"` // of the company; each is in every format that can tell it
	Files   int      `json:"files"`
	Bytes   int64    `json:"bytes"`
	Planted int      `json:"planted"`
	Decoys  int      `json:"decoys"`
	Seconds float64  `json:"seconds"`
}

const (
	maxHosts = 100_000
	maxDays  = 3650
	maxRate  = 10_000
)

// check fills in what was left open and refuses what can't be done.
func (o *Options) check() error {
	wrong := func(what string, lowest, highest any) error {
		return fault.New(fault.Invalid, "the number of %s is out of range", what).WithHint("take %v to %v", lowest, highest)
	}
	switch {
	case o.Hosts < 1 || o.Hosts > maxHosts:
		return wrong("hosts", 1, maxHosts)
	case o.Days < 1 || o.Days > maxDays:
		return wrong("days", 1, maxDays)
	case math.IsNaN(o.Rate) || o.Rate < 0 || o.Rate > maxRate:
		return fault.New(fault.Invalid, "the rate is out of range").WithHint("take 0 to %d", maxRate)
	case o.Out == "":
		return fault.New(fault.Invalid, "no folder to write to").WithHint("name one with --out")
	}
	if len(o.Formats) == 0 {
		o.Formats = Formats()
	}
	for _, f := range o.Formats {
		if !slices.Contains(Formats(), f) {
			return fault.New(fault.Invalid, "%q is not a format", f).WithHint("there are %s, %s, %s", EvtxJSON, Winlogbeat, Defender)
		}
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	}
	o.Start = o.Start.UTC().Truncate(24 * time.Hour)
	if y := o.Start.Year(); y < 1990 || y > 2090 {
		return fault.New(fault.Invalid, "the start is out of range").WithHint("take a day from 1990 to 2090")
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return nil
}

// Estimates per host and day at rate 1, counted on companies of 40 hosts.
const (
	fixedEvents = 300 // what does not grow with the rate
	ratedEvents = 2800
)

var bytesPerEvent = map[Format]float64{EvtxJSON: 1035, Winlogbeat: 1125, Defender: 360}

// Check says what is wrong with the options, before anything is done.
func (o Options) Check() error { return o.check() }

// Estimate is about how many events and bytes a run will write.
func (o Options) Estimate() (events, bytes int64) {
	n := float64(o.Hosts) * float64(o.Days) * (fixedEvents + ratedEvents*o.Rate)
	formats := o.Formats
	if len(formats) == 0 {
		formats = Formats()
	}
	per := 0.0
	for _, f := range formats {
		per += bytesPerEvent[f]
	}
	return int64(n), int64(n * per)
}

// Generate writes a company's telemetry and its truth. Nothing has its final
// name before all is written; where it fails or ctx ends, nothing stays.
func Generate(ctx context.Context, o Options) (*Summary, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	began := time.Now()
	out, err := newOutput(o)
	if err != nil {
		return nil, err
	}
	defer out.discard()
	r := newRun(o, out)
	if err := r.all(ctx); err != nil {
		return nil, err
	}
	truth := r.truth()
	if err := out.finish(truth); err != nil {
		return nil, err
	}
	s := &Summary{
		Out: o.Out, Truth: out.truthPath(), Seed: o.Seed, Hosts: o.Hosts, Days: o.Days, Rate: o.Rate, Formats: o.Formats,
		Events: r.events, Files: len(truth.Files), Bytes: out.bytes, Planted: len(truth.Planted), Decoys: len(truth.Decoys),
		Seconds: math.Round(time.Since(began).Seconds()*1000) / 1000,
	}
	return s, nil
}
