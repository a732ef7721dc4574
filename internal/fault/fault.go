// Package fault gives errors a kind, a text that may be shown to anyone, and a
// hint that says what to do next, apart from their private cause.
//
// Kinds are given at the edges only: where a request is bound, where the
// database is called, where input is decoded. Between edges plain %w is used.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an error is.
type Kind int

// The kinds. Internal is the zero value: an error nobody classified.
const (
	Internal    Kind = iota // a defect or an unforeseen condition
	Invalid                 // the caller's input is wrong
	NotFound                // what was asked for does not exist
	Conflict                // the state does not allow it now
	Timeout                 // it took longer than allowed
	Unavailable             // something this needs is away; trying again may help
)

// String names the kind in lower case.
func (k Kind) String() string {
	return [...]string{"internal", "invalid", "not found", "conflict", "timeout", "unavailable"}[k]
}

// Error is an error with a kind. Text is safe to show; Hint, if any, says what
// to do next; Cause, if any, is private.
type Error struct {
	Kind  Kind
	Text  string
	Hint  string
	Cause error
}

// Error joins text, cause and hint for the operator's terminal.
func (e *Error) Error() string {
	s := e.Text
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New makes an error of a kind with a formatted public text.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of a kind around a cause.
func Wrap(kind Kind, cause error, format string, args ...any) *Error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...), Cause: cause}
}

// WithHint returns a copy of e that says what to do next.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// KindOf is the kind of the outermost classified error in err's chain, and
// Internal where there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Public is the text of err that may be shown to anyone.
func Public(err error) (text, hint string) {
	var e *Error
	if errors.As(err, &e) {
		return e.Text, e.Hint
	}
	return "internal error", ""
}
