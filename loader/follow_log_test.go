package loader_test

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/internal/graphtest"
	"github.com/taskroot/taskroot/internal/testdata"
)

const (
	logHeader = 4096
	logChunk  = 65536
)

// realLogs are a few real logs of several chunks.
func realLogs(t *testing.T) [][]byte {
	t.Helper()
	var logs [][]byte
	dir := testdata.Shared(t)
	err := filepath.WalkDir(filepath.Join(dir, "evtx"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".evtx") || len(logs) == 3 {
			return err
		}
		b, err := os.ReadFile(path)
		if n := len(b); n > logHeader+2*logChunk && n < 1<<21 && !strings.Contains(string(b[logHeader+512:]), "ElfFile") {
			logs = append(logs, b)
		}
		return err
	})
	if err != nil || len(logs) == 0 {
		t.Skip("no real event logs of several chunks beside the checkout", err)
	}
	return logs
}

// younger is a chunk as it was when it had only its first records, or nil.
func younger(chunk []byte, records int) []byte {
	le := binary.LittleEndian
	if string(chunk[:8]) != "ElfChnk\x00" {
		return nil
	}
	b := append([]byte(nil), chunk...)
	at, last := 512, 0
	for range records {
		if string(b[at:at+4]) != "**\x00\x00" {
			return nil
		}
		last = at
		at += int(le.Uint32(b[at+4:]))
	}
	if at >= int(le.Uint32(b[48:])) {
		return nil
	}
	clear(b[at:])
	copy(b[32:40], b[last+8:last+16]) // the last record's id
	le.PutUint64(b[16:], le.Uint64(b[8:])+uint64(records)-1)
	le.PutUint32(b[44:], uint32(last))
	le.PutUint32(b[48:], uint32(at))
	le.PutUint32(b[52:], crc32.ChecksumIEEE(b[512:at]))
	le.PutUint32(b[124:], crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:512]))
	return b
}

// TestFollowLog lets real event logs grow as they do, record by record in their
// last chunk, which is sometimes caught while it is written.
func TestFollowLog(t *testing.T) {
	logs := realLogs(t)
	db, lib := open(t)
	records := 0
	for _, log := range logs {
		f := newFollower(t, db, lib)
		for at := logHeader; at < len(log); at += logChunk {
			end := min(at+logChunk, len(log))
			for _, n := range []int{1, 2, 7, 30} {
				if b := younger(log[at:end], n); b != nil {
					f.write("log.evtx", string(log[:at])+string(b))
					f.once()
				}
			}
			torn := append([]byte(nil), log[:end]...)
			clear(torn[at+(end-at)/2:])
			f.write("log.evtx", string(torn))
			f.once()
			f.write("log.evtx", string(log[:end]))
			f.once()
		}
		if n := f.once(); n != 0 {
			t.Errorf("%d records were read again", n)
		}
		records += f.total["read"]
		f.wantLog(log)
	}
	if records < 100 {
		t.Errorf("%d records prove little", records)
	}
}

// wantLog is want for an event log.
func (f *follower) wantLog(log []byte) {
	f.t.Helper()
	got := dump(f.t, f.db)
	graphtest.Wipe(f.t, f.db)
	read, rejected := f.total["read"], f.total["rejected"]
	g := &follower{t: f.t, db: f.db, lib: f.lib, dir: f.t.TempDir(), rejects: f.t.TempDir(), config: f.config, total: map[string]int{}}
	g.write("log.evtx", string(log))
	tally, err := newLoader(f.t, f.db, f.lib, 100000).Load(f.t.Context(), []string{g.dir}, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if d := diff(dump(f.t, f.db), got); d != "" {
		f.t.Errorf("not the same graph:\n%s", d)
	}
	wantRejected := 0
	for _, n := range tally.Rejected {
		wantRejected += n
	}
	if read != tally.Read || rejected != wantRejected {
		f.t.Errorf("%d records, %d rejected; want %d and %d", read, rejected, tally.Read, wantRejected)
	}
}
