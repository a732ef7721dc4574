package taskxml

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
)

func readActions(actions *node) []Action {
	if actions == nil {
		return nil
	}
	var list []Action
	for _, n := range actions.kids {
		switch n.name {
		case "Exec":
			list = append(list, Action{
				Kind:             Exec,
				Command:          n.text("Command"),
				Arguments:        n.text("Arguments"),
				WorkingDirectory: n.text("WorkingDirectory"),
			})
		case "ComHandler":
			list = append(list, Action{Kind: ComHandler, ClassID: classID(n.text("ClassId")), Data: n.text("Data")})
		case "SendEmail":
			list = append(list, Action{Kind: SendEmail, Data: n.lines("Server", "From", "To", "Cc", "Bcc", "Subject", "Body")})
		case "ShowMessage":
			list = append(list, Action{Kind: ShowMessage, Data: n.lines("Title", "Body")})
		}
	}
	return list
}

// classID is a class id as the graph spells GUIDs; what is none stays.
func classID(s string) string {
	if guid := graph.NormalGUID(s); guid != "" {
		return guid
	}
	return s
}

// lines is the named children that are there, one "name: value" a line.
func (n *node) lines(names ...string) string {
	var lines []string
	for _, name := range names {
		if v := n.text(name); v != "" {
			lines = append(lines, name+": "+v)
		}
	}
	return strings.Join(lines, "\n")
}
