package settle

// Talk is the network side of one process.
type Talk struct {
	Contacts  map[Contact]how
	Questions map[Question]how
	Acts      map[Act]how
	Reverse   map[string]string    // IP to the greatest reverse name seen
	Evidence  map[string]Evidences // by IP or name, with direction
	Truncated map[string]bool      // edges of the database that had forgotten contacts
	Fetched   bool                 // what the database holds is in here
	Edges     map[string]string    // fingerprints of stored edges, by EdgeID
}

// NewTalk makes an empty Talk.
func NewTalk() *Talk {
	return &Talk{
		Contacts: map[Contact]how{}, Questions: map[Question]how{}, Acts: map[Act]how{}, Reverse: map[string]string{},
		Evidence: map[string]Evidences{}, Truncated: map[string]bool{}, Edges: map[string]string{},
	}
}

// AddContact adds a contact.
func (t *Talk) AddContact(c Contact, b ...bond) { t.Contacts[c] = t.Contacts[c].add(b...) }

// AddQuestion adds a DNS question.
func (t *Talk) AddQuestion(q Question, b ...bond) { t.Questions[q] = t.Questions[q].add(b...) }

// EvidenceID names the evidence of a contact's remote address or of a name.
func EvidenceID(in bool, endpoint string) string {
	if in {
		return "<" + endpoint
	}
	return ">" + endpoint
}

// TakeByPID moves what is bound by PID out of t, to be resolved again.
func (t *Talk) TakeByPID() *Talk {
	moved := NewTalk()
	for c, h := range t.Contacts {
		stay, leave := h.split()
		if len(leave) == 0 {
			continue
		}
		moved.Contacts[c], t.Contacts[c] = leave, stay
		if len(stay) == 0 {
			delete(t.Contacts, c)
		}
		id := EvidenceID(c.In, c.remote())
		moved.Evidence[id] = t.Evidence[id]
		if name, ok := t.Reverse[c.IP]; ok {
			moved.Reverse[c.IP] = name
		}
	}
	for q, h := range t.Questions {
		stay, leave := h.split()
		if len(leave) == 0 {
			continue
		}
		moved.Questions[q], t.Questions[q] = leave, stay
		if len(stay) == 0 {
			delete(t.Questions, q)
		}
		id := EvidenceID(false, q.Name)
		moved.Evidence[id] = t.Evidence[id]
	}
	t.takeActs(moved)
	return moved
}

// The kinds of an edge's other end that is no endpoint.
const (
	KindTask   = "task"
	KindClass  = "class"
	KindModule = "module"
)

// known are the evidence ids of the contacts and questions that are there.
func (t *Talk) known() map[string]bool {
	ids := map[string]bool{}
	for c := range t.Contacts {
		ids[EvidenceID(c.In, c.remote())] = true
	}
	for q := range t.Questions {
		ids[EvidenceID(false, q.Name)] = true
	}
	for a := range t.Acts {
		ids[a.id()] = true
	}
	return ids
}

func (t *Talk) byPID() bool {
	loose := func(h how) bool { return h[len(h)-1].bound != ByGUID } // they are sorted
	for _, h := range t.Contacts {
		if loose(h) {
			return true
		}
	}
	for _, h := range t.Questions {
		if loose(h) {
			return true
		}
	}
	for _, h := range t.Acts {
		if loose(h) {
			return true
		}
	}
	return false
}

func (t *Talk) add(o *Talk) {
	for c, h := range o.Contacts {
		t.AddContact(c, h...)
	}
	for q, h := range o.Questions {
		t.AddQuestion(q, h...)
	}
	for a, h := range o.Acts {
		t.AddAct(a, h...)
	}
	for ip, name := range o.Reverse {
		t.Reverse[ip] = max(t.Reverse[ip], name)
	}
	for id, e := range o.Evidence {
		t.Evidence[id] = t.Evidence[id].Join(e)
	}
}
