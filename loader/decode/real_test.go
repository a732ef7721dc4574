package decode_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader/decode"
)

// plainly finds encoded commands as they are mostly written: another reader than ours.
var plainly = regexp.MustCompile(`(?i)\s-e(?:nc(?:odedcommand)?)?\s+([A-Za-z0-9+/=]{8,})\s*$`)

// TestReal decodes every command line of real recordings: to what the other reader
// reads, and the rest it leaves alone.
func TestReal(t *testing.T) {
	t.Parallel()
	dir := testdata.Shared(t)
	for file, want := range map[string]struct{ lines, encoded, decoded int }{
		"splunk/T1053.005/attack_data.tar.gz":                        {135, 12, 12},
		"splunk/T1047/attack_data.tar.gz":                            {137, 12, 12},
		"splunk/T1027/attack_data.tar.gz":                            {132, 13, 13},
		"mordor/empire_getsession_dcerpc_smb_srvsvc_NetSessEnum.zip": {3, 0, 0},
		"mordor/covenant_dcom_executeexcel4macro_allowed.zip":        {17, 0, 0},
		"mordor/empire_shell_dcerpc_smb_service_dll_hijack.zip":      {8, 0, 0},
	} {
		t.Run("OK"+filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			lines := commandLines(t, filepath.Join(dir, filepath.FromSlash(file)))
			encoded, decoded := 0, 0
			for _, s := range lines {
				text, ok := decode.Text(s)
				if ok {
					decoded++
				}
				if want := peeled(t, s); want != s {
					encoded++
					if text != want {
						t.Errorf("%s\n got %s\nwant %s", s, text, want)
					}
				}
			}
			if len(lines) != want.lines || encoded != want.encoded || decoded != want.decoded {
				t.Errorf("%d lines, %d encoded, %d decoded; want %+v", len(lines), encoded, decoded, want)
			}
		})
	}
}

// peeled is s with its encoded command, layer by layer, in place.
func peeled(t *testing.T, s string) string {
	t.Helper()
	m := plainly.FindStringSubmatchIndex(s)
	if m == nil {
		return s
	}
	b, err := base64.StdEncoding.DecodeString(s[m[2]:m[3]])
	if err != nil {
		t.Fatal(err)
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return strings.TrimRight(s[:m[0]], " ") + " -Command " + peeled(t, string(utf16.Decode(units)))
}

// commandLines are the distinct command lines in a recording's JSON lines.
func commandLines(t *testing.T, path string) []string {
	t.Helper()
	var out []string
	for line := range bytes.Lines(content(t, path)) {
		var e map[string]any
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		if s, ok := e["CommandLine"].(string); ok && s != "" {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// content is all that an archive's members hold.
func content(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	if strings.HasSuffix(path, ".zip") {
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range z.File {
			f, err := m.Open()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(&all, f); err != nil {
				t.Fatal(err)
			}
		}
		return all.Bytes()
	}
	g, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(g); ; {
		if _, err := r.Next(); err != nil {
			return all.Bytes()
		}
		if _, err := io.Copy(&all, r); err != nil {
			t.Fatal(err)
		}
	}
}
