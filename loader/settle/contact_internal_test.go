package settle

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// hostile are names that hold what the stored form uses to tell parts apart.
var hostile = []string{
	"cmd.exe", "a|b.exe", "a/b:c", "%7C", "%", "%25%", ":", "/", "|", "g:sysmon3/u:5156", "ü☃.exe", " ", "%3a.exe",
}

// TestRoundTrip writes random talks as stored edges do and reads them back: the
// same contacts and questions, known in the same ways.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 3))
		pick := func(s []string) string { return s[rng.IntN(len(s))] }
		ips := []string{"1.1.1.1", "2.2.2.2", "2001:db8::1"}
		bonds := func() []bond {
			all := []bond{{ByGUID, "", "sysmon3"}, {ByPID, pick(hostile), "5156"}, {ByPID, pick(hostile), "sysmon3"}, {ByBare, "", "5156"}}
			rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			return all[:1+rng.IntN(len(all))]
		}
		first := NewTalk()
		for range rng.IntN(12) {
			first.AddContact(Contact{
				Second: rng.Int64N(5), IP: pick(ips), Port: uint16(rng.IntN(1 << 16)), Proto: pick(append(hostile, "tcp", "")),
				Local: uint16(rng.IntN(1 << 16)), In: rng.IntN(4) == 0,
			}, bonds()...)
		}
		for range rng.IntN(4) {
			first.AddQuestion(Question{rng.Int64N(5), pick([]string{"a.example", "b.example"}), pick([]string{"", "1.1.1.1", "1.1.1.1,2.2.2.2"})}, bonds()...)
		}
		second := NewTalk()
		for _, e := range first.Relationships() {
			second.Restore(e.Type, e.Endpoint, e.Tuples)
		}
		if !reflect.DeepEqual(first.Contacts, second.Contacts) || !reflect.DeepEqual(first.Questions, second.Questions) {
			t.Fatalf("seed %d:\n%v\n%v\nbecame\n%v\n%v", seed, first.Contacts, first.Questions, second.Contacts, second.Questions)
		}
	}
}

// TestTakeByPID parts what is bound by GUID from what may move.
func TestTakeByPID(t *testing.T) {
	t.Parallel()
	talk := NewTalk()
	both, own, loose := Contact{Second: 1, IP: "1.1.1.1"}, Contact{Second: 2, IP: "1.1.1.1"}, Contact{Second: 3, IP: "2.2.2.2"}
	byGUID, byPID, bare := bond{ByGUID, "", "sysmon3"}, bond{ByPID, "cmd.exe", "5156"}, bond{ByBare, "", "5156"}
	talk.AddContact(both, byPID, byGUID)
	talk.AddContact(own, byGUID)
	talk.AddContact(loose, bare, byPID)
	q := Question{1, "a.example", "1.1.1.1"}
	talk.AddQuestion(q, bond{ByBare, "", viaDNS})
	talk.Reverse["2.2.2.2"] = "back.example"
	moved := talk.TakeByPID()
	if want := (map[Contact]how{both: {byGUID}, own: {byGUID}}); !reflect.DeepEqual(talk.Contacts, want) || len(talk.Questions) != 0 {
		t.Errorf("stayed: %v, %v", talk.Contacts, talk.Questions)
	}
	if want := (map[Contact]how{both: {byPID}, loose: {byPID, bare}}); !reflect.DeepEqual(moved.Contacts, want) {
		t.Errorf("moved: %v", moved.Contacts)
	}
	if want := (map[Question]how{q: {{ByBare, "", viaDNS}}}); !reflect.DeepEqual(moved.Questions, want) {
		t.Errorf("moved: %v", moved.Questions)
	}
	if want := (map[string]string{"2.2.2.2": "back.example"}); !maps.Equal(moved.Reverse, want) {
		t.Errorf("moved: %v", moved.Reverse)
	}
}

// TestEvidences keeps the first and the last three records, in any order of arrival.
func TestEvidences(t *testing.T) {
	t.Parallel()
	when := time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC)
	record := func(n int) graph.Evidence {
		return graph.Evidence{Source: "f", Channel: "c", Record: uint64(n), EventID: 3, Time: when.Add(time.Duration(n) * time.Second)}
	}
	var want Evidences
	for _, n := range []int{0, 1, 2, 17, 18, 19} {
		want = append(want, Evidence{record(n), ">x"})
	}
	for seed := range uint64(20) {
		var got Evidences
		for _, n := range rand.New(rand.NewPCG(seed, 1)).Perm(20) {
			got = got.Add(record(n), ">x").Add(record(n), ">x")
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v", seed, got)
		}
	}
	texts := want.Encode()
	if texts[0] != `{"source":"f","channel":"c","record":0,"eventId":3,"time":"2024-05-01T08:00:00Z","of":"\u003ex"}` {
		t.Errorf("stored as %s", texts[0])
	}
	if got := DecodeEvidences(append(texts, "{", "")); !slices.Equal(got, want) {
		t.Errorf("read back as %v", got)
	}
	five := want[:5]
	if got := five.Join(nil); !slices.Equal(got, five) {
		t.Errorf("five became %v", got)
	}
	parts := Evidences{{record(1), ">x"}, {record(2), "<y"}, {record(3), ">x"}}.ByPart()
	if want := (map[string]Evidences{">x": {{record(1), ">x"}, {record(3), ">x"}}, "<y": {{record(2), "<y"}}}); !reflect.DeepEqual(parts, want) {
		t.Errorf("dealt out as %v", parts)
	}
}
