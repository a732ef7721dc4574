package loader

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// A source that is followed does not end, so its records wait only until the
// offset of each host among them was shown, or until they waited long enough.
// What was learnt goes into the file's checkpoint, so that the next piece is
// read in the same way after a restart.

// mostHosts bounds the hosts whose clocks a checkpoint keeps; a sender chooses
// the names. Those beyond it are learnt again after a restart.
const mostHosts = 1000

// waits is how many records wait for their clock.
func (c *clocks) waits() int {
	n := len(c.waiting)
	if c.spill != nil {
		n += c.spill.n
	}
	return n
}

// resolved says whether the clock of each host that records wait for is known.
func (c *clocks) resolved() bool {
	for host := range c.unknown {
		if hc := c.hosts[host]; hc == nil || !hc.known() {
			return false
		}
	}
	return true
}

// decide ends the wait of all hosts that records wait for.
func (c *clocks) decide() {
	for host := range c.unknown {
		if hc := c.hosts[host]; hc != nil {
			hc.decided = true
		}
	}
}

// storedClock is a host's clock as a checkpoint keeps it; times in nanoseconds.
type storedClock struct {
	Offsets     []time.Duration `json:"offsets,omitempty"`
	First, Last time.Time
	Received    *time.Duration `json:"received,omitempty"`
	Zoned       bool           `json:"zoned,omitempty"`
	Decided     bool           `json:"decided,omitempty"`
}

// encode is what was learnt, as JSON; "" for nothing.
func (c *clocks) encode() (string, error) {
	stored := map[string]storedClock{}
	for _, name := range sorted(c.hosts) {
		hc := c.hosts[name]
		if !hc.known() && hc.received == nil {
			continue
		}
		if len(stored) == mostHosts {
			break
		}
		stored[name] = storedClock{sortedOffsets(hc), hc.first, hc.last, hc.received, hc.zoned, hc.decided}
	}
	if len(stored) == 0 {
		return "", nil
	}
	text, err := json.Marshal(stored)
	if err != nil {
		return "", fmt.Errorf("encode what is known of clocks: %w", err)
	}
	return string(text), nil
}

func sortedOffsets(hc *hostClock) []time.Duration {
	var all []time.Duration
	for offset := range hc.offsets {
		all = append(all, offset)
	}
	slices.Sort(all)
	return all
}

// decode takes back what encode gave.
func (c *clocks) decode(text string) error {
	if text == "" {
		return nil
	}
	stored := map[string]storedClock{}
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		return fmt.Errorf("decode what is known of clocks: %w", err)
	}
	for name, s := range stored {
		hc := &hostClock{offsets: map[time.Duration]bool{}, first: s.First, last: s.Last, received: s.Received, zoned: s.Zoned, decided: s.Decided}
		for _, offset := range s.Offsets {
			hc.offsets[offset] = true
		}
		c.hosts[name] = hc
	}
	return nil
}
