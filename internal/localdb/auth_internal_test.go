package localdb

import (
	"encoding/hex"
	"regexp"
	"testing"
)

// TestHashPassword holds the hash against a line that neo4j-admin 5.26.30
// wrote for this password.
func TestHashPassword(t *testing.T) {
	salt, err := hex.DecodeString("52616128c2e8856e0e7419ba1aac60e5b5426d55f68868cff8c2b030fa1f06e1")
	if err != nil {
		t.Fatal(err)
	}
	const want = "dba1ee08989bba4f6d9753d6db4286aaf681726798974c032704a0a189580639"
	if got := hashPassword("testtest1", salt); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAuthLine(t *testing.T) {
	line, err := authLine("neo4j", "testtest1")
	if err != nil {
		t.Fatal(err)
	}
	if want := `^neo4j:SHA-256,[0-9a-f]{64},[0-9a-f]{64},1024:\n$`; !regexp.MustCompile(want).MatchString(line) {
		t.Errorf("got %q, want it like %s", line, want)
	}
}

func TestMemoryFor(t *testing.T) {
	for _, c := range []struct{ machine, heap, pages int }{
		{0, 1024, 512}, {1024, 512, 256}, {8192, 1024, 1024}, {65536, 2048, 1024},
	} {
		if heap, pages := memoryFor(c.machine); heap != c.heap || pages != c.pages {
			t.Errorf("%d MB: got %d and %d, want %d and %d", c.machine, heap, pages, c.heap, c.pages)
		}
	}
}

func TestVersionText(t *testing.T) {
	for said, want := range map[string]string{
		`openjdk version "17.0.15" 2025-04-15`:             "17",
		`java version "1.8.0_392"`:                         "8",
		`openjdk version "21-ea" 2023-09-19`:               "21",
		"Picked up X: -Y\nopenjdk version \"11.0.2\" 2019": "11",
	} {
		if m := versionText.FindStringSubmatch(said); m == nil || m[1] != want {
			t.Errorf("%q: got %q, want %s", said, m, want)
		}
	}
}
