package eventjson

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// rejectKey marks a line of a reject file.
const rejectKey = "taskrootReject"

// Inner is a line of a reject file: input that could not be read when it was
// met first, with where that was.
type Inner struct {
	Source string `json:"source"`
	Record string `json:"record,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
	Count  int    `json:"count,omitempty"`
	Raw    []byte `json:"-"`
}

type innerFile struct {
	Inner
	Text   *string `json:"text,omitempty"`
	Base64 *string `json:"base64,omitempty"`
}

// MarshalLine is the line, with its newline, that [Decode] gives back as Inner.
func (r Inner) MarshalLine() ([]byte, error) {
	f := innerFile{Inner: r}
	switch {
	case r.Raw == nil:
	case utf8.Valid(r.Raw):
		s := string(r.Raw)
		f.Text = &s
	default:
		s := base64.StdEncoding.EncodeToString(r.Raw)
		f.Base64 = &s
	}
	line, err := json.Marshal(map[string]innerFile{rejectKey: f})
	if err != nil {
		return nil, fmt.Errorf("writing a reject: %w", err)
	}
	return append(line, '\n'), nil
}

func readInner(d *doc, v int) (Inner, error) {
	var f innerFile
	if d.nodes[v].kind != kindObject {
		return Inner{}, errors.New("is not a line of a reject file")
	}
	if err := json.Unmarshal(d.span(v), &f); err != nil {
		return Inner{}, fmt.Errorf("is not a line of a reject file: %w", err)
	}
	switch {
	case f.Text != nil:
		f.Raw = []byte(*f.Text)
	case f.Base64 != nil:
		raw, err := base64.StdEncoding.DecodeString(*f.Base64)
		if err != nil {
			return Inner{}, fmt.Errorf("is a line of a reject file with damaged base64: %w", err)
		}
		f.Raw = raw
	}
	return f.Inner, nil
}
