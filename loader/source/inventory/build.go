package inventory

import (
	"encoding/xml"
	"strings"
)

// builder writes a task definition as the schema has it, of what an inventory
// in another form says.
type builder struct{ b strings.Builder }

func (x *builder) open(tag string) { x.b.WriteString("<" + tag + ">") }

func (x *builder) close(tag string) { x.b.WriteString("</" + tag + ">") }

// leaf writes an element, unless it is empty.
func (x *builder) leaf(tag, text string) {
	if text != "" {
		x.open(tag)
		x.text(text)
		x.close(tag)
	}
}

func (x *builder) text(s string) {
	_ = xml.EscapeText(&x.b, []byte(s)) // writing to a builder can't fail
}

// group writes an element around what inner writes.
func (x *builder) group(tag string, inner func()) {
	x.open(tag)
	inner()
	x.close(tag)
}

// task writes a whole definition.
func task(inner func(x *builder)) string {
	x := &builder{}
	x.b.WriteString(`<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">`)
	inner(x)
	x.close("Task")
	return x.b.String()
}

// info writes the registration's part.
func (x *builder) info(date, author, uri string) {
	x.group("RegistrationInfo", func() {
		x.leaf("Date", date)
		x.leaf("Author", author)
		x.leaf("URI", uri)
	})
}

// actions writes the actions' part around what inner writes.
func (x *builder) actions(context string, inner func()) {
	x.b.WriteString("<Actions")
	if context != "" {
		x.b.WriteString(` Context="`)
		x.text(context)
		x.b.WriteString(`"`)
	}
	x.b.WriteString(">")
	inner()
	x.close("Actions")
}

func (x *builder) exec(command, arguments, folder string) {
	x.group("Exec", func() {
		x.leaf("Command", command)
		x.leaf("Arguments", arguments)
		x.leaf("WorkingDirectory", folder)
	})
}

func (x *builder) comHandler(class, data string) {
	x.group("ComHandler", func() {
		x.leaf("ClassId", class)
		x.leaf("Data", data)
	})
}
