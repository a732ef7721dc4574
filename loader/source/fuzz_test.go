package source_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/taskroot/taskroot/loader/source"
)

// FuzzRead looks for input of any kind that panics, hangs, is an error instead
// of a rejection, or opens and closes sources out of order.
func FuzzRead(f *testing.F) {
	for _, c := range slices.Concat(compressedCases(), archiveCases(), textCases()) {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := newRecorder(t)
		opt := source.Options{TempDir: t.TempDir(), Host: "h"}
		if err := source.Read(t.Context(), []string{source.Stdin}, bytes.NewReader(in), opt, r); err != nil {
			t.Error(err)
		}
		if r.open != "" {
			t.Errorf("%s is still open", r.open)
		}
		for _, x := range r.rejected {
			if x.Source == "" || x.Reason == "" || x.Count < 1 {
				t.Errorf("a reject that says too little: %+v", x)
			}
		}
	})
}
