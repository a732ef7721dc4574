package settle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/settle"
)

// TestProxyAddress reads what the configuration may hold.
func TestProxyAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Proxy.corp.example.": "proxy.corp.example 0", "proxy:8080": "proxy 8080", "10.0.0.80": "10.0.0.80 0", "10.0.0.80:3128": "10.0.0.80 3128",
		"2001:db8::80": "2001:db8::80 0", "[2001:db8::80]:3128": "2001:db8::80 3128",
		"http://proxy:80": "-", "proxy:0": "-", "proxy:x": "-", "": "-", "a b": "-",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			host, port, ok := settle.ProxyAddress(text)
			if got := fmt.Sprint(host, " ", port); ok && got != want || ok != (want != "-") {
				t.Errorf("got %s, %v", got, ok)
			}
		})
	}
}

// TestThroughProxy leads connections to proxies where the command line says.
func TestThroughProxy(t *testing.T) {
	t.Parallel()
	targets := func(command string) []string { return strings.Fields(command) }
	proxies := settle.NewProxies([]string{"10.0.0.80:8080", "proxy.example"}, targets)
	const to = "CONNECTED name a.example x1 1 [10.0.0.80]"
	one := func(tuple string, more ...[]string) *settle.Talk {
		return talk(append(more, []string{graph.RelConnected, "x", tuple})...)
	}
	for _, c := range []struct {
		name, command string
		talk          *settle.Talk
		want          []string
	}{
		{"OK one destination", "a.example", one("5|10.0.0.80|8080|tcp|50000|g:sysmon3"), []string{to}},
		{
			"OK two share it", "b.example a.example proxy.example a.example", one("5|10.0.0.80|8080|tcp|50000|g:sysmon3"),
			[]string{"CONNECTED name a.example x1 0.5 [10.0.0.80]", "CONNECTED name b.example x1 0.5 [10.0.0.80]"},
		},
		{"OK none", "", one("5|10.0.0.80|8080|tcp|50000|g:sysmon3"), []string{"CONNECTED ip 10.0.0.80 x1 1 [10.0.0.80]"}},
		{"OK only the proxy itself", "proxy.example", one("5|10.0.0.80|8080|tcp|50000|g:sysmon3"), []string{"CONNECTED ip 10.0.0.80 x1 1 [10.0.0.80]"}},
		{"OK another port", "a.example", one("5|10.0.0.80|443|tcp|50000|g:sysmon3"), []string{"CONNECTED ip 10.0.0.80 x1 1 [10.0.0.80]"}},
		{"OK no proxy", "a.example", one("5|10.0.0.81|8080|tcp|50000|g:sysmon3"), []string{"CONNECTED ip 10.0.0.81 x1 1 [10.0.0.81]"}},
		{"OK the record knows better", "a.example", one("5|10.0.0.80|8080|tcp|50000|g:defender|c.example"), []string{"CONNECTED name c.example x1 1 [10.0.0.80]"}},
		{"OK the record names the proxy", "a.example", one("5|10.0.0.80|443|tcp|50000|g:defender|proxy.example"), []string{to}},
		{
			"OK the proxy by its name", "a.example", one("5|10.0.0.81|3128|tcp|50000|g:sysmon3", asked("proxy.example", 1, "10.0.0.81")),
			[]string{"CONNECTED name a.example x1 1 [10.0.0.81]", "RESOLVED name proxy.example x1 1 [10.0.0.81]"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := brief(c.talk.RelationshipsBy(proxies, c.command)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
