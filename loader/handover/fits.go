package handover

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/cmdline"
)

// work is a worker with its texts in the form that requests are compared in.
type work struct {
	*Process
	name    string // base name
	image   string // plain
	command string // plain
	tokens  []string
}

func newWork(p *Process) *work {
	return &work{p, base(p.Image), plain(p.Image), plain(p.Command), cmdline.Tokens(p.Command)}
}

// fits says in which way, if any, a asked for w; the best of its requests counts.
func (l *linker) fits(kind string, a *asker, w *work) string {
	best := ""
	for i := range a.requests {
		r := &a.requests[i]
		if r.kind != kind || !local(r.server, l.host) {
			continue
		}
		if via := fit(kind, a, r, w); sure[via] > sure[best] {
			best = via
		}
	}
	if best == "" && kind == graph.RelViaCOM && a.scripted && alive(a, w.Process) && sameSession(a, w) {
		return ViaSession
	}
	return best
}

func fit(kind string, a *asker, r *request, w *work) string {
	switch kind {
	case graph.RelViaWMI:
		switch {
		case r.holds(w):
			return ViaCommand
		case r.vague && alive(a, w.Process) && w.Start-a.Start <= int64(reach[graph.RelViaCOM]):
			return ViaTime
		}
	case graph.RelViaService:
		return fitService(r, w)
	case graph.RelViaMSI:
		return fitInstaller(a, w)
	case graph.RelViaCOM:
		if alive(a, w.Process) && r.names(w) {
			return ViaName
		}
	case graph.RelViaShell:
		return fitShell(a, r, w)
	case graph.RelViaBITS, graph.RelViaLogon:
		if r.holds(w) {
			return ViaCommand
		}
	}
	return ""
}

func fitService(r *request, w *work) string {
	switch {
	case r.name != "" && r.starts && serviceNamed(w, r.name):
		return ViaName
	case r.text != "" && r.holds(w):
		return ViaPath
	}
	return ""
}

// serviceNamed says whether w is the service of that name: svchost's -s, an
// argument, or the base name of its image.
func serviceNamed(w *work, name string) bool {
	if strings.EqualFold(strings.TrimSuffix(w.name, ".exe"), name) {
		return true
	}
	for _, t := range w.tokens[min(1, len(w.tokens)):] {
		if strings.EqualFold(t, name) {
			return true
		}
	}
	return false
}

// fitInstaller ties the installer's service to a client that started just before
// it, and its children to the client that is at work.
func fitInstaller(a *asker, w *work) string {
	if !alive(a, w.Process) {
		return ""
	}
	if base(w.ParentImage) == "services.exe" {
		if w.Start-a.Start <= int64(reach[graph.RelViaService]) {
			return ViaName
		}
		return ""
	}
	return ViaClient
}

// fitShell ties an unelevated shell to the shell that asked for it, and what the
// shell starts to who asked it to.
func fitShell(a *asker, r *request, w *work) string {
	if base(w.ParentImage) != "explorer.exe" {
		if r.shell && sameUser(a, w) {
			return ViaTask
		}
		return ""
	}
	if !r.shell && (r.holds(w) || r.bare && len(r.text) >= 3 && hasWords(w.command, r.text)) {
		return ViaName
	}
	return ""
}

// sameSession says whether both run in one logon session that is not one of the
// system's own; where a session is unknown the account decides.
func sameSession(a *asker, w *work) bool {
	if a.Logon != 0 && w.Logon != 0 {
		return a.Logon == w.Logon && !systemSession(a.Logon)
	}
	return a.User != "" && strings.EqualFold(a.User, w.User) && !systemUser(a.User)
}

// sameUser says whether both run under one account, or it isn't known.
func sameUser(a *asker, w *work) bool {
	return a.User == "" || w.User == "" || strings.EqualFold(a.User, w.User)
}

// systemSession says that everything of SYSTEM, NETWORK SERVICE or LOCAL SERVICE
// runs in this session.
func systemSession(id uint64) bool { return id == 0x3e7 || id == 0x3e4 || id == 0x3e5 }

// systemUser knows the services' own accounts by what is the same in most of
// Windows' languages: their authority's name begins with NT or AUTORI.
func systemUser(user string) bool {
	u := strings.ToUpper(user)
	return strings.HasPrefix(u, "NT ") || strings.HasPrefix(u, "NT-") || strings.HasPrefix(u, "AUTORI") || strings.HasSuffix(u, "$") ||
		strings.HasPrefix(u, "S-1-5-")
}

// local says whether a server, as a command line writes it, is the host itself.
func local(server, host string) bool {
	server = strings.ToLower(strings.Trim(server, `\'" `))
	short, _, _ := strings.Cut(host, ".")
	switch server {
	case "", ".", "localhost", "127.0.0.1", "::1", "$env:computername", "%computername%", host, short:
		return true
	}
	return false
}
