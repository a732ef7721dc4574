package inventory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unicode/utf16"
)

// The layout of the registry's Actions value is known from those who took it
// apart: GDATA's winreg-tasks and https://cyber.wtf (1 June 2022). Numbers are
// little-endian, texts UTF-16 behind their length in bytes. A version, since
// version 2 the name of the principal, then the actions.

// blobAction is one action: what it has depends on the kind.
type blobAction struct {
	kind                       uint16
	command, arguments, folder string // of an exec
	class, data                string // of a COM handler
	parts                      []named
}

type named struct{ tag, text string }

// The kinds of action by the mark that each begins with.
const (
	markExec    = 0x6666
	markCOM     = 0x7777
	markEmail   = 0x8888
	markMessage = 0x9999
)

const (
	newestActions = 3
	mostActions   = 64 // Windows allows 32
	mostExtras    = 4096
)

var errCut = errors.New("the Actions value ends inside an action")

// parseActions reads an Actions value. Version 2 was seen with the principal and
// described without.
func parseActions(b []byte) (context string, list []blobAction, err error) {
	c := &cursor{b: b}
	version := c.u16()
	switch {
	case c.err != nil:
		return "", nil, c.err
	case version == 0 || version > newestActions:
		return "", nil, fmt.Errorf("an Actions value of version %d, and only 1 to %d are known", version, newestActions)
	case version == 1:
		return actionsOf(*c, false, false)
	case version == 2:
		if context, list, err = actionsOf(*c, true, false); err != nil {
			return actionsOf(*c, false, false)
		}
		return context, list, nil
	}
	return actionsOf(*c, true, true)
}

func actionsOf(c cursor, hasContext, hasFlags bool) (context string, list []blobAction, err error) {
	if hasContext {
		context = c.text()
	}
	for c.err == nil && len(c.b) > 0 {
		if len(list) == mostActions {
			return "", nil, fmt.Errorf("an Actions value of more than %d actions", mostActions)
		}
		a := blobAction{kind: c.u16()}
		c.text() // its id
		switch a.kind {
		case markExec:
			a.command, a.arguments, a.folder = c.text(), c.text(), c.text()
			if hasFlags {
				c.u16()
			}
		case markCOM:
			a.class, a.data = c.guid(), c.text()
		case markEmail:
			a.parts = c.email()
		case markMessage:
			a.parts = []named{{"Title", c.text()}, {"Body", c.text()}}
		default:
			c.fail(fmt.Errorf("an action of unknown kind %#04x", a.kind))
		}
		list = append(list, a)
	}
	return context, list, c.err
}

func (c *cursor) email() []named {
	parts := []named{
		{"From", c.text()}, {"To", c.text()}, {"Cc", c.text()}, {"Bcc", c.text()},
		{"ReplyTo", c.text()}, {"Server", c.text()}, {"Subject", c.text()}, {"Body", c.text()},
	}
	for range c.count() { // attachments
		c.text()
	}
	for range c.count() { // headers
		c.text()
		c.text()
	}
	return parts
}

// xml writes the actions as the schema has them.
func writeActions(x *builder, context string, list []blobAction) {
	x.actions(context, func() {
		for _, a := range list {
			switch a.kind {
			case markExec:
				x.exec(a.command, a.arguments, a.folder)
			case markCOM:
				x.comHandler(a.class, a.data)
			default:
				tag := "SendEmail"
				if a.kind == markMessage {
					tag = "ShowMessage"
				}
				x.group(tag, func() {
					for _, p := range a.parts {
						x.leaf(p.tag, p.text)
					}
				})
			}
		}
	})
}

// registeredAt is the time in a DynamicInfo value at which the task was
// registered last: four bytes of version, then FILETIMEs of registration and
// last run; zero if it has none.
func registeredAt(b []byte) time.Time {
	c := &cursor{b: b}
	c.take(4)
	t := c.take(8)
	if c.err != nil {
		return time.Time{}
	}
	ticks := int64(binary.LittleEndian.Uint64(t)) // of 100 ns since 1601
	const until1970 = 11644473600
	seconds := ticks/1e7 - until1970
	const year3000 = 32503680000
	if ticks <= 0 || seconds <= 0 || seconds > year3000 {
		return time.Time{}
	}
	return time.Unix(seconds, ticks%1e7*100).UTC()
}

// cursor reads a value from its start; the first error stays.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.b = nil
}

func (c *cursor) take(n uint32) []byte {
	if c.err != nil || uint64(n) > uint64(len(c.b)) {
		c.fail(errCut)
		return nil
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) u16() uint16 {
	if b := c.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// count is a number of things to follow, none if it can't be.
func (c *cursor) count() uint32 {
	n := c.u32()
	if n > mostExtras {
		c.fail(fmt.Errorf("an action with %d parts", n))
		return 0
	}
	return n
}

func (c *cursor) text() string {
	b := c.take(c.u32())
	return fromUTF16(b)
}

// fromUTF16 decodes little-endian text, without the zeros at its end.
func fromUTF16(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(b[i:]))
	}
	for len(units) > 0 && units[len(units)-1] == 0 {
		units = units[:len(units)-1]
	}
	return string(utf16.Decode(units))
}

func (c *cursor) guid() string {
	b := c.take(16)
	if b == nil {
		return ""
	}
	le := binary.LittleEndian
	return fmt.Sprintf("{%08X-%04X-%04X-%X-%X}", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}
