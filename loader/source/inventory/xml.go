package inventory

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/taskxml"
)

// longestTask bounds one definition; taskxml parses no longer ones.
const longestTask = 4 << 20

// The first element, behind declarations and comments.
var (
	firstElement = regexp.MustCompile(`\A(?:\s|<\?[^>]*>|<!--(?s:.*?)-->|<!DOCTYPE[^>]*>)*<(Tasks?)[\s/>]`)
	ofTask       = regexp.MustCompile(`/mit/task"|<(?:Actions|RegistrationInfo|Triggers|Principals)[\s>]`)
)

// sniffXML knows task definitions, one or many: a Task or Tasks element, with the
// schema's name space or one of its parts.
func sniffXML(head []byte) bool { return firstElement.Match(head) && ofTask.Match(head) }

// readXML reads definitions that stand one after another, in a Tasks element or
// without, as schtasks prints them: each behind a comment with its path.
func readXML(_ context.Context, d *decoder, r io.Reader) error {
	s := bufio.NewScanner(&full{r})
	s.Buffer(make([]byte, 0, 64<<10), longestTask+1<<10)
	s.Split(cut)
	var held []byte // the first one, until it is clear whether it is the only one
	path, heldPath, alone := "", "", true
	for s.Scan() {
		token := s.Bytes()
		if comment, ok := bytes.CutPrefix(token, []byte("<!--")); ok {
			path = commentPath(comment)
			continue
		}
		if held != nil {
			alone = false
			if err := d.definition(held, heldPath, alone); err != nil {
				return err
			}
		}
		held, heldPath, path = bytes.Clone(token), path, ""
	}
	if held == nil {
		return d.h.Passed("no tasks in it", 1)
	}
	return d.definition(held, heldPath, alone)
}

// commentPath is the path in schtasks' comment before a definition, if it is one.
func commentPath(comment []byte) string {
	text := strings.TrimSpace(strings.TrimSuffix(readable(comment), "-->"))
	if !strings.HasPrefix(text, `\`) || strings.ContainsAny(text, "\r\n") {
		return ""
	}
	return text
}

// definition hands one definition on. Its path is the one that schtasks gives,
// else its URI, else, if it is alone, that of its file.
func (d *decoder) definition(raw []byte, path string, alone bool) error {
	if err := d.next(); err != nil {
		return err
	}
	text := readable(raw)
	r := Record{Place: d.place(), Raw: []byte(text)}
	if alone {
		r.Place = Only
	}
	if path != "" {
		r.Raw = []byte("<!-- " + path + " -->\n" + text)
	}
	if len(raw) > longestTask {
		return d.reject(r, TooLong, fmt.Sprintf("a definition of more than %d MiB", longestTask>>20))
	}
	o := &graph.TaskListed{Path: path, XML: text, Origin: graph.OriginSchtasks}
	if alone && path == "" {
		o.Origin = graph.OriginFile
	}
	if path == "" {
		if def, err := taskxml.Parse(text); err == nil {
			o.Path = def.URI
		}
		if o.Path == "" && alone {
			o.Path = d.opt.Path
		}
	}
	return d.task(o, r)
}

// Only is the place of a task that is the only one of its file.
const Only = "the only task"

// readable makes UTF-8 of text in a console's code page, as schtasks writes it
// into a file. Which code page it was nothing says; in the western ones accented
// letters are the same.
func readable(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	var b strings.Builder
	for _, c := range raw {
		if i := int(c) - utf8.RuneSelf; i >= 0 {
			b.WriteRune(console[i])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// console is the upper half of code page 850.
var console = []rune("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤" +
	"ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00AD±‗¾¶§÷¸°¨·¹³²■\u00A0")

// full reads as much as fits, so that the scanner's buffer grows in few steps.
type full struct{ r io.Reader }

func (f *full) Read(p []byte) (int, error) {
	n, err := io.ReadFull(f.r, p)
	if n > 0 {
		return n, nil
	}
	return 0, err //nolint:wrapcheck // io.EOF, or an error that the source keeps
}

var (
	commentBegin = []byte("<!--")
	commentEnd   = []byte("-->")
	cdataBegin   = []byte("<![CDATA[")
	cdataEnd     = []byte("]]>")
	taskEnd      = regexp.MustCompile(`\A</Task\s*>`)
)

// cut is a [bufio.SplitFunc] that parts text into comments and Task elements. It
// is no XML parser: one definition that is damaged must not take the next ones
// with it.
func cut(data []byte, atEOF bool) (advance int, token []byte, err error) {
	for at := 0; ; {
		i := bytes.IndexByte(data[at:], '<')
		if i < 0 {
			return len(data), nil, nil
		}
		at += i
		n, found := piece(data[at:])
		switch {
		case found && n > 0:
			return at + n, data[at : at+n], nil
		case !found && !atEOF && len(data)-at <= longestTask:
			return at, nil, nil // there may be more of it
		case !found && isTask(data[at:]):
			return len(data), data[at:], nil // cut short, or too long
		}
		at++
	}
}

// piece is how long the comment or Task element is that text begins with, 0 for
// anything else. It is not found where text ends inside it.
func piece(text []byte) (n int, found bool) {
	switch {
	case bytes.HasPrefix(text, commentBegin):
		end := bytes.Index(text, commentEnd)
		return end + len(commentEnd), end >= 0
	case isTask(text):
		return taskLength(text)
	}
	return 0, len(text) >= len("<Task ")
}

// isTask says whether text begins with a Task element's tag.
func isTask(text []byte) bool {
	after, ok := bytes.CutPrefix(text, []byte("<Task"))
	return ok && len(after) > 0 && bytes.IndexByte([]byte(" \t\r\n/>"), after[0]) >= 0
}

// betweenTasks is what may stand between a comment with a path and its task.
var betweenTasks = regexp.MustCompile(`\A<!--[^>]*-->\s*(?:<\?[^>]*>\s*)?\z`)

// taskLength is how long the element is that text begins with. One in which
// another begins was cut short there, or before the comment with the other's
// path. It is not whole where text ends first.
func taskLength(text []byte) (n int, whole bool) {
	if tag := bytes.IndexByte(text, '>'); tag > 0 && text[tag-1] == '/' {
		return tag + 1, true
	}
	comment := 0
	for n = len("<Task"); ; {
		i := bytes.IndexByte(text[n:], '<')
		if i < 0 {
			return len(text), false
		}
		n += i
		skip := 1
		switch rest := text[n:]; {
		case isTask(rest):
			if comment > 0 && betweenTasks.Match(text[comment:n]) {
				return comment, true
			}
			return n, true
		case bytes.HasPrefix(rest, cdataBegin):
			if skip = bytes.Index(rest, cdataEnd); skip < 0 {
				return len(text), false
			}
		case bytes.HasPrefix(rest, commentBegin):
			comment = n
			if skip = bytes.Index(rest, commentEnd); skip < 0 {
				return len(text), false
			}
		default:
			if end := taskEnd.Find(rest); end != nil {
				return n + len(end), true
			}
		}
		n += skip
	}
}

// FilePath is a task's path by the name of its file or archive member: what is
// below the last folder called Tasks, else the last part without .xml. Names that a collector
// has escaped (C%3A) are put back.
func FilePath(name string) string {
	name = strings.ReplaceAll(name[strings.LastIndexByte(name, '!')+1:], `\`, "/")
	if plain, err := url.PathUnescape(name); err == nil && strings.Contains(name, "%") {
		name = strings.ReplaceAll(plain, `\`, "/")
	}
	if i := strings.LastIndex(strings.ToLower(name), "/tasks/"); i >= 0 {
		name = name[i+len("/tasks/"):]
	} else if rest, ok := strings.CutPrefix(strings.ToLower(name), "tasks/"); ok {
		name = name[len(name)-len(rest):]
	} else {
		name = name[strings.LastIndexByte(name, '/')+1:]
		if strings.HasSuffix(strings.ToLower(name), ".xml") {
			name = name[:len(name)-len(".xml")]
		}
	}
	return graph.TaskPath(strings.ReplaceAll(name, "/", `\`))
}
