package decode

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"io"
	"regexp"
	"strings"
)

// unbase64 decodes as .NET does, white space left out, and more leniently: padding
// may lack, and a last character that telemetry cut off its group is dropped.
func unbase64(s string) ([]byte, bool) {
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, s)
	s = strings.TrimRight(s, "=")
	if len(s)%4 == 1 {
		s = s[:len(s)-1]
	}
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil && len(b) > 0
}

// unpack gives what is in bytes: text, or what a compressed stream holds, layer by
// layer, and the names of the layers.
func (d *decoder) unpack(b []byte) (text string, names []string, ok bool) {
	for range deepest {
		name, plain := d.inflate(b)
		if name == "" {
			break
		}
		names, b = append(names, name), plain
	}
	text, ok = readable(b)
	return text, names, ok
}

// inflate undoes one compressed stream, as far as there is room; name is "" where
// it is none. A bare deflate stream has no mark: it is tried last, where the bytes are no text.
func (d *decoder) inflate(b []byte) (name string, plain []byte) {
	switch {
	case len(b) > 10 && b[0] == 0x1f && b[1] == 0x8b:
		if r, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
			return "gzip", d.drain(r)
		}
	case len(b) > 6 && b[0] == 0x78 && (int(b[0])<<8|int(b[1]))%31 == 0:
		if r, err := zlib.NewReader(bytes.NewReader(b)); err == nil {
			if plain = d.drain(r); len(plain) > 0 {
				return "zlib", plain
			}
		}
	}
	if _, ok := readable(b); ok || len(b) < 8 {
		return "", nil
	}
	if plain = d.drain(flate.NewReader(bytes.NewReader(b))); len(plain) >= 8 {
		if _, ok := readable(plain); ok {
			return "deflate", plain
		}
	}
	return "", nil
}

// drain reads a stream up to the bound; one that breaks off gives what it held.
func (d *decoder) drain(r io.Reader) []byte {
	plain, err := io.ReadAll(io.LimitReader(r, int64(d.most)+1))
	if len(plain) > d.most {
		plain, d.truncated = plain[:d.most], true
	}
	if err != nil && len(plain) == 0 {
		return nil
	}
	return plain
}

var (
	// [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('…')), with or without the outer call.
	fromBase64 = regexp.MustCompile(`(?i)(\[?(?:system\.)?(?:text\.)?encoding\]?::\w+\.getstring\(\s*)?` +
		`\[?(?:system\.)?convert\]?::frombase64string\(\s*\(?\s*\\?["']?([A-Za-z0-9+/=\s]{4,})\\?["']?\s*\)?\s*\)`)
	quotedBlob = regexp.MustCompile(`["']([A-Za-z0-9+/\s]{16,}={0,2})["']`)
	bareBlob   = regexp.MustCompile(`[A-Za-z0-9+/]{16,}={0,2}`)
	dataURL    = regexp.MustCompile(`(?i)data:[a-z/+.-]*(?:;[a-z0-9=-]+)*;base64,([A-Za-z0-9+/]{4,}={0,2})`)
)

// base64Calls undoes FromBase64String of a string, and of variables that hold one;
// and data URLs.
func base64Calls(d *decoder) {
	if d.has("frombase64string") {
		d.blobs(fromBase64, 2)
		d.blobs(quotedBlob, 1)
	}
	if d.has(";base64,") {
		d.blobs(dataURL, 1)
	}
}

// base64Pipes undoes echo BLOB | base64 -d, and echo BLOB > f & certutil -decode f.
func base64Pipes(d *decoder) {
	if d.has("base64 -d", "base64 --decode", "base64 -i -d", "certutil") && d.has("decode", "base64 -d") && d.has("echo") {
		d.blobs(bareBlob, 0)
	}
}

// blobs replaces each match whose group is base64 of text.
func (d *decoder) blobs(re *regexp.Regexp, group int) {
	var pieces []piece
	for _, m := range re.FindAllStringSubmatchIndex(d.text, mostSteps) {
		b, ok := unbase64(d.text[m[2*group]:m[2*group+1]])
		if !ok {
			continue
		}
		text, names, ok := d.unpack(b)
		if !ok || len(names) == 0 && len(b) < 3 {
			continue
		}
		to := m[1]
		// The bracket of a call around it that the match began with goes too; a line may be cut off before it.
		if rest := strings.TrimLeft(d.text[to:], " "); open(d.text[m[0]:to]) > 0 && strings.HasPrefix(rest, ")") {
			to = len(d.text) - len(rest) + 1
		}
		pieces = append(pieces, piece{
			from: m[0], to: to, text: even(d.text[m[0]:to], literal(script(text))), name: strings.Join(append([]string{"base64"}, names...), " "),
		})
	}
	d.apply(pieces)
}
