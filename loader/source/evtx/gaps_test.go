package evtx_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/taskroot/taskroot/loader/source/evtx"
	"github.com/taskroot/taskroot/loader/winevent"
)

// gapKeeper writes down which records are missing before which.
type gapKeeper struct {
	keeper
	told []string
}

func (k *gapKeeper) Event(e *winevent.Event) error {
	if len(e.Missing) > 0 || e.MissingMore {
		k.told = append(k.told, fmt.Sprint(e.RecordID-1000, e.Missing, e.MissingMore))
	}
	return nil
}

// numbered is a chunk of records with these ids; those below 0 are not wanted.
func numbered(ids ...int) []byte {
	c := newChunkWriter(uint64(max(ids[0], -ids[0])))
	for _, id := range ids {
		kind := uint16(4688)
		if id < 0 {
			kind, id = 1, -id
		}
		c.next = uint64(id)
		c.record(event("Security", kind, nil))
	}
	return c.close()
}

// TestGaps says which missing records are told, and with which record.
func TestGaps(t *testing.T) {
	many := []int{}
	for i := range 20 {
		many = append(many, 100+2*i)
	}
	manyTold := []string{}
	for i := 1; i < 20; i++ {
		if i <= 16 {
			manyTold = append(manyTold, fmt.Sprintf("%d [{%d %d}] false", 100+2*i, 99+2*i, 99+2*i))
		} else {
			manyTold = append(manyTold, fmt.Sprintf("%d [] true", 100+2*i))
		}
	}
	for _, c := range []struct {
		name   string
		since  evtx.Since
		chunks [][]byte
		want   []string
	}{
		{"OKNone", evtx.Since{}, [][]byte{numbered(7, 8, 9), numbered(10, 11)}, nil},
		{"OKInAChunk", evtx.Since{}, [][]byte{numbered(7, 9)}, []string{"9 [{8 8}] false"}},
		{"OKBetweenChunks", evtx.Since{}, [][]byte{numbered(7), numbered(20, 21)}, []string{"20 [{8 19}] false"}},
		{"OKToldByTheNextThatIsWanted", evtx.Since{}, [][]byte{numbered(7, -10, -11, -20, 21)}, []string{"21 [{8 9} {12 19}] false"}},
		{"OKOfNoWantedRecordNotTold", evtx.Since{}, [][]byte{numbered(7, -10), numbered(11)}, nil},
		{"OKBeganAgain", evtx.Since{}, [][]byte{numbered(100, 101), numbered(7, 8)}, nil},
		{"OKMany", evtx.Since{}, [][]byte{numbered(many...)}, manyTold},
		{"OKFollowedOn", evtx.Since{After: 8}, [][]byte{numbered(7, 8, 11)}, []string{"11 [{9 10}] false"}},
		{"OKFollowedNextChunk", evtx.Since{After: 8}, [][]byte{numbered(9, 10)}, nil},
		{"OKFollowedLate", evtx.Since{After: 8}, [][]byte{numbered(20)}, []string{"20 [{9 19}] false"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := &gapKeeper{}
			want := func(_ string, id uint32) bool { return id != 1 }
			gate := func(string, uint32) *winevent.Gate { return nil }
			if _, err := evtx.DecodeSince(t.Context(), bytes.NewReader(file(c.chunks...)), "x.evtx", c.since, want, gate, k); err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(k.told) != fmt.Sprint(c.want) {
				t.Errorf("told %q, want %q", k.told, c.want)
			}
			if k.damage != nil {
				t.Errorf("damage %+v", k.damage)
			}
		})
	}
}
