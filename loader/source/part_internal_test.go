package source

import "testing"

func TestTableHeader(t *testing.T) {
	for _, c := range []struct {
		name, head string
		want       int
	}{
		{"OK first line", "a,b\n1,2\n", 4},
		{"OK only the first line", "a,b\n", 4},
		{"OK Zeek", "#separator \\x09\n#fields\tts\n1\t2\n", 27},
		{"ErrNotAllThere", "a,b", 0},
		{"ErrNothing", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := tableHeader([]byte(c.head)); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestOutsideQuotes(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"OK plain", "1,2\n3,4\n", 8},
		{"OK a cell over lines", "1,\"a\nb\"\n", 8},
		{"OK doubled quotes", "1,\"a \"\"b\"\"\n\"\n", 13},
		{"OK an open cell at the end", "1,2\n3,\"a\nb\n", 4},
		{"ErrOnlyAnOpenCell", "3,\"a\nb\n", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := outsideQuotes([]byte(c.text)); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}
