package loader

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/cmdline"
	"github.com/taskroot/taskroot/loader/decode"
	"github.com/taskroot/taskroot/loader/settle"
	"github.com/taskroot/taskroot/loader/source"
	"github.com/taskroot/taskroot/loader/taskxml"
)

// longest bounds names that become part of a key: the database refuses to index
// more than about 8,000 bytes, and a sender chooses these names.
const longest = 1024

// intake is the sink of one load: it corrects clocks, gathers rounds, and keeps
// what was rejected.
type intake struct {
	l       *Loader
	ctx     context.Context
	tally   Tally
	batch   []graph.Observation // the round to come
	text    int                 // bytes of text in it that senders choose
	clocks  *clocks
	source  string
	bytes   int64
	rejects *os.File

	rejectBytes int64 // written to it
	seen        int64 // records met, for the progress shown
	replay      replay
	rider       rider // of a follower; may be nil
}

func newIntake(l *Loader, id string) *intake {
	return &intake{l: l, tally: newTally(id), clocks: newClocks(l.config.ClockOffset)}
}

// FileStart implements [source.Sink].
func (in *intake) FileStart(name string, _ int64) error {
	in.source = name
	if !in.replay.againEvent() {
		in.tally.Files++
	}
	return nil
}

// Observation implements [source.Sink].
func (in *intake) Observation(o graph.Observation, further ...graph.Observation) error {
	in.seen++
	if err := in.take(o); err != nil {
		return err
	}
	for _, o := range further {
		o.Head().Further = true
		if err := in.take(o); err != nil {
			return err
		}
	}
	return nil
}

// take takes one thing that a record says.
func (in *intake) take(o graph.Observation) error {
	if bad, refused := in.l.refuse(o); refused {
		if o.Head().Further {
			return nil // the record's own part is in the books; see oversized
		}
		return in.reject(bad)
	}
	in.report(false)
	ready, err := in.clocks.take(o)
	if err != nil || !ready {
		return err
	}
	return in.add(o)
}

// refuse gives o's host the name it is known by, and says why o can't be taken.
func (l *Loader) refuse(o graph.Observation) (source.Reject, bool) {
	h := o.Head()
	if full := l.config.Aliases[h.Host]; full != "" {
		h.Host = graph.HostKey(full)
	}
	reason := oversized(o)
	return source.Reject{
		Source: h.Evidence.Source, Record: fmt.Sprint(h.Evidence.Record), Reason: "oversized name", Detail: reason, Count: 1,
	}, reason != ""
}

// oversized says which name of o is too long to be part of a key.
func oversized(o graph.Observation) string {
	type name struct{ what, text string }
	names := append(make([]name, 0, 4), name{"host", o.Head().Host})
	image := func(p *graph.ProcessRef) { names = append(names, name{"image name", graph.BaseName(p.Image)}) }
	switch o := o.(type) {
	case *graph.Asked:
		image(&o.Process)
		names = append(names, name{"DNS name", o.Name})
	case *graph.TaskChanged:
		names = append(names, name{"task path", o.Path}, name{"account", o.User}, name{"account's SID", o.UserSID})
	case *graph.TaskRan:
		names = append(names, name{"task path", o.Path})
	case *graph.ProcessStarted:
		image(&o.Process)
		image(&o.Parent)
	case *graph.ProcessEnded:
		image(&o.Process)
	case *graph.ProcessMentioned:
		image(&o.Process)
		image(&o.Parent)
	case *graph.Contacted:
		image(&o.Process)
		names = append(names, name{"remote name", o.RemoteName})
	case *graph.FlowSeen:
		names = append(names, name{"remote name", o.RemoteName})
	case *graph.AnswerSeen:
		names = append(names, name{"DNS name", o.Name})
	case *graph.TaskTraced:
		names = append(names, name{"task path", o.Path})
	case *graph.TaskListed:
		names = append(names, name{"task path", o.Path})
	}
	for _, n := range names {
		if len(n.text) > longest {
			return fmt.Sprintf("%s of %d bytes; the most is %d", n.what, len(n.text), longest)
		}
	}
	return ""
}

// add puts an observation whose clock is settled into the round, and writes the
// round when it is full.
func (in *intake) add(o graph.Observation) error {
	if in.replay.again() {
		return nil
	}
	in.put(o)
	if !in.full() {
		return nil
	}
	return in.settle(in.ctx)
}

func (in *intake) full() bool { return len(in.batch) >= in.l.config.Round || in.text >= mostText }

// put puts an observation into the round and its record into the books.
func (in *intake) put(o graph.Observation) {
	h := o.Head()
	if !h.Further {
		in.tally.Read++
	}
	h.Evidence.Time = h.Clock.At
	if h.Clock.Unknown {
		in.tally.ClockUnknown++
	}
	in.batch = append(in.batch, o)
	in.text += textOf(o)
}

// settle writes the round, if there is anything in it or files were taken further.
func (in *intake) settle(ctx context.Context) error {
	var checkpoints []any
	if in.rider != nil {
		checkpoints = in.rider.checkpoints()
	}
	if len(in.batch) == 0 && len(checkpoints) == 0 {
		return nil
	}
	in.report(true)
	if in.rejects != nil && in.rider != nil {
		if err := in.rejects.Sync(); err != nil {
			return fmt.Errorf("keep rejected input: %w", err)
		}
	}
	before := in.tally.BadDefinitions
	build := func() (round *settle.Round) {
		round, bad := in.build()
		in.tally.BadDefinitions = before + bad
		return round
	}
	err := in.l.settle(ctx, settlement{build, &in.tally, in.rejectBytes, checkpoints})
	if err != nil {
		in.tally.BadDefinitions = before
		return err
	}
	if in.rider != nil {
		in.rider.written()
	}
	clear(in.batch)
	in.batch, in.text = in.batch[:0], 0
	return nil
}

// mostText bounds the text of a round, since a command line may have 32 kB and a
// round is one transaction, which the database holds in memory several times over.
const mostText = 16 << 20

// textOf is how many bytes of an observation its sender chose.
func textOf(o graph.Observation) int {
	switch o := o.(type) {
	case *graph.ProcessStarted:
		return length(o.Process) + length(o.Parent)
	case *graph.ProcessMentioned:
		return length(o.Process) + length(o.Parent)
	case *graph.TaskChanged:
		return len(o.XML)
	case *graph.TaskListed:
		return len(o.XML)
	case *graph.TaskTraced:
		return length(o.Process) + len(o.Data)
	case *graph.ModuleLoaded:
		return length(o.Process) + len(o.Path)
	case *graph.Contacted:
		return length(o.Process)
	}
	return 0
}

func length(p graph.ProcessRef) int { return len(p.Image) + len(p.CommandLine) + len(p.User) }

// build makes a round of the batch, and says how many definitions in it could
// not be parsed.
func (in *intake) build() (round *settle.Round, bad int) {
	round = settle.NewRound()
	round.SetProxies(in.l.proxies)
	round.SetAddresses(in.l.config.Addresses)
	for _, o := range in.batch {
		switch o := o.(type) {
		case *graph.TaskChanged:
			if !change(round, o) {
				bad++
			}
			continue
		case *graph.TaskListed:
			if !listed(round, o) {
				bad++
			}
			continue
		case *graph.ProcessStarted:
			ask(round, o)
		}
		round.Add(o)
	}
	return round, bad
}

// ask adds what a process's command line, as it is or decoded, asks the Task
// Scheduler to do here.
func ask(round *settle.Round, o *graph.ProcessStarted) {
	commands := cmdline.TaskCommands(o.Process.Image, o.Process.CommandLine)
	if plain, ok := decode.Text(o.Process.CommandLine); ok && len(commands) == 0 {
		commands = cmdline.TaskCommands(o.Process.Image, plain)
	}
	for _, c := range commands {
		if c.Server != "" || len(c.Path) > longest {
			continue
		}
		var plan *settle.PlanNode
		if c.Command != "" && c.Change != graph.Deleted {
			plan = planNode("", taskxml.Program(c.Command, c.Arguments))
		}
		round.Ask(o, c.Change, c.Path, plan)
	}
}

// flush settles what is left at the end.
func (in *intake) flush(ctx context.Context) error { return in.settle(ctx) }

// change adds a change of a task and says whether its definition, if it has one,
// could be parsed. One that can't does not take the record with it: who did what
// to which task still holds.
func change(round *settle.Round, c *graph.TaskChanged) (parsed bool) {
	parsed = true
	name, sid := c.User, c.UserSID
	if len(name) > 4 && name[:4] == "S-1-" {
		name, sid = "", c.User
	}
	f := settle.TaskFact{UserName: name, SID: sid}
	if name != "" || sid != "" {
		f.User = settle.UserKey(c.Host, name, sid)
	}
	var plan *settle.PlanNode
	if c.XML != "" {
		if d, err := taskxml.Parse(c.XML); err == nil {
			plan = planNode(c.XML, d)
			describe(&f, d)
		} else {
			parsed = false
		}
	}
	round.Change(c, f, plan)
	return parsed
}

// listed adds a task as an inventory has it, likewise.
func listed(round *settle.Round, o *graph.TaskListed) (parsed bool) {
	f := settle.TaskFact{Listing: &settle.Listing{}}
	if o.XML == "" {
		round.List(o, f, nil)
		return true
	}
	d, err := taskxml.Parse(o.XML)
	if err != nil {
		round.List(o, f, nil)
		return false
	}
	describe(&f, d)
	if len(d.Date) <= longestDate {
		f.Listing.Date = d.Date
	}
	round.List(o, f, planNode(o.XML, d))
	return true
}

// longestDate bounds a date that a definition's writer chose.
const longestDate = 64

func describe(f *settle.TaskFact, d *taskxml.Definition) {
	f.Author, f.Hidden, f.Off = d.Author, d.Settings.Hidden, !d.Settings.Enabled
	f.Principal, f.RunLevel = principal(d), d.Principal.RunLevel
}

func principal(d *taskxml.Definition) string {
	if d.Principal.UserID != "" {
		return d.Principal.UserID
	}
	return d.Principal.GroupID
}

func planNode(xml string, d *taskxml.Definition) *settle.PlanNode {
	commands, handlers := d.Commands(), d.ComHandlers()
	if commands == nil {
		commands = []string{}
	}
	if handlers == nil {
		handlers = []string{}
	}
	decoded, names := undo(d.Actions)
	return &settle.PlanNode{
		Key: d.Hash(), Does: d.Does(), XML: xml, Actions: d.ActionsJSON(), Triggers: d.TriggersJSON(), Commands: commands, ComHandlers: handlers,
		Decoded: decoded, Names: names, Matches: matcher(d.Actions),
	}
}

// Skipped implements [source.Sink].
func (in *intake) Skipped(reason string, n int) error {
	in.seen += int64(n)
	if !in.replay.againEvent() {
		in.tally.Read += n
		in.tally.Skipped[reason] += n
	}
	in.report(false)
	return in.ctx.Err()
}

// Rejected implements [source.Sink].
func (in *intake) Rejected(r source.Reject) error {
	in.seen += int64(max(1, r.Count))
	return in.reject(r)
}

// Progress implements [source.Sink].
func (in *intake) Progress(bytes int64) {
	in.bytes += bytes
	in.report(false)
}

// FileEnd implements [source.Sink]: now all is known that the source says of its clock.
func (in *intake) FileEnd(string) error {
	return in.clocks.release(in.add)
}

func (in *intake) report(settling bool) {
	if in.l.config.Progress == nil {
		return
	}
	in.l.config.Progress(Progress{
		Source: in.source, Bytes: in.bytes, Records: in.seen, Rejected: int64(Sum(in.tally.Rejected)), Settling: settling,
	})
}

func (in *intake) close() error {
	err := in.clocks.close()
	if in.rejects != nil {
		err = errors.Join(err, in.rejects.Sync(), in.rejects.Close())
	}
	return err
}
