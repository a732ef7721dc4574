package winevent_test

import (
	"slices"
	"testing"
	"time"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/loader/winevent"
)

func TestObserveSysmonContact(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name                      string
		initiated, protocol       string
		source, sourcePort, sname string
		dest, destPort, dname     string
		inbound                   bool
		remote                    string
		remotePort                uint16
		local                     string
		localPort                 uint16
		reverse                   string
	}{
		{"OK out", "true", "tcp", "10.0.0.5", "50000", "pc1", "1.2.3.4", "443", "host.example", false, "1.2.3.4", 443, "10.0.0.5", 50000, "host.example"},
		{"OK out without name", "True", "udp", "10.0.0.5", "50000", "-", "0:0:0:0:0:ffff:102:304", "53", "-", false, "1.2.3.4", 53, "10.0.0.5", 50000, ""},
		{"OK out IPv6", "1", "tcp", "fe80:0:0:0:1:2:3:4", "50000", "", "2001:0DB8:0:0:0:0:0:1", "443", "", false, "2001:db8::1", 443, "fe80::1:2:3:4", 50000, ""},
		{"OK in tcp, peer is source", "false", "tcp", "172.18.39.5", "56587", "peer", "172.18.39.6", "135", "-", true, "172.18.39.5", 56587, "172.18.39.6", 135, "peer"},
		{"OK in tcp, high ports", "false", "tcp", "172.18.39.5", "56588", "-", "172.18.39.6", "49671", "-", true, "172.18.39.5", 56588, "172.18.39.6", 49671, ""},
		{"OK in tcp, Linux client", "false", "tcp", "172.18.39.9", "40001", "-", "172.18.39.6", "49671", "-", true, "172.18.39.9", 40001, "172.18.39.6", 49671, ""},
		{"OK in tcp, old Sysmon", "false", "tcp", "10.0.2.17", "139", "PC1.corp.local", "10.0.2.18", "49200", "PC02", true, "10.0.2.18", 49200, "10.0.2.17", 139, "PC02"},
		{"OK in udp, self is source", "False", "udp", "172.18.38.5", "53", "-", "172.18.39.6", "55000", "-", true, "172.18.39.6", 55000, "172.18.38.5", 53, ""},
		{"OK in udp, high ports", "false", "udp", "172.18.38.5", "50001", "-", "172.18.39.6", "55000", "-", true, "172.18.39.6", 55000, "172.18.38.5", 50001, ""},
		{"OK in udp, answer to a client", "false", "udp", "172.18.39.103", "50986", "PC1", "172.18.39.5", "53", "dc", true, "172.18.39.5", 53, "172.18.39.103", 50986, "dc"},
		{"OK in udp, group", "0", "udp", "224.0.0.251", "5353", "-", "192.168.56.30", "5353", "-", true, "192.168.56.30", 5353, "224.0.0.251", 5353, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			check(t, event(winevent.Sysmon, 3, "ProcessGuid", guid, "ProcessId", "812", "Image", `C:\a.exe`, "User", `D\u`,
				"Initiated", tc.initiated, "Protocol", tc.protocol, "SourceIp", tc.source, "SourcePort", tc.sourcePort, "SourceHostname", tc.sname,
				"DestinationIp", tc.dest, "DestinationPort", tc.destPort, "DestinationHostname", tc.dname),
				&graph.Contacted{
					Header:  head(winevent.Sysmon, 3, time.Time{}),
					Process: graph.ProcessRef{GUID: guidUp, PID: 812, Image: `C:\a.exe`, User: `D\u`},
					Inbound: tc.inbound, RemoteIP: tc.remote, RemotePort: tc.remotePort, LocalIP: tc.local, LocalPort: tc.localPort,
					Protocol: tc.protocol, ReverseName: tc.reverse, Source: "sysmon3",
				})
		})
	}
}

func TestObserveSecurityContact(t *testing.T) {
	t.Parallel()
	const app = `\device\harddiskvolume2\windows\system32\svchost.exe`
	for _, tc := range []struct {
		name, field, pid, application, direction, protocol string
		source, sourcePort, dest, destPort                 string
		want                                               graph.Contacted
	}{
		{"OK out", "ProcessID", "3876", app, "%%14593", "6", "10.0.0.5", "50000", "1.2.3.4", "443",
			graph.Contacted{Process: graph.ProcessRef{PID: 3876, Image: app}, RemoteIP: "1.2.3.4", RemotePort: 443, LocalIP: "10.0.0.5", LocalPort: 50000, Protocol: "tcp"}},
		{"OK out in words", "ProcessId", "4", "System", "Outbound", "58", "::1", "0", "ff02::1", "134",
			graph.Contacted{Process: graph.ProcessRef{PID: 4, Image: "System"}, RemoteIP: "ff02::1", RemotePort: 134, LocalIP: "::1", Protocol: "58"}},
		{"OK in, peer is source", "ProcessId", "696", app, "%%14592", "17", "172.18.39.6", "64357", "172.18.38.5", "53",
			graph.Contacted{Inbound: true, Process: graph.ProcessRef{PID: 696, Image: app}, RemoteIP: "172.18.39.6", RemotePort: 64357, LocalIP: "172.18.38.5", LocalPort: 53, Protocol: "udp"}},
		{"OK in, same ports", "ProcessId", "696", app, "受信", "17", "172.18.38.6", "123", "172.18.38.5", "123",
			graph.Contacted{Inbound: true, Process: graph.ProcessRef{PID: 696, Image: app}, RemoteIP: "172.18.38.6", RemotePort: 123, LocalIP: "172.18.38.5", LocalPort: 123, Protocol: "udp"}},
		{"OK in, old Windows", "ProcessID", "696", app, "inbound", "6", "127.0.0.2", "3389", "127.0.0.1", "49186",
			graph.Contacted{Inbound: true, Process: graph.ProcessRef{PID: 696, Image: app}, RemoteIP: "127.0.0.1", RemotePort: 49186, LocalIP: "127.0.0.2", LocalPort: 3389, Protocol: "tcp"}},
		{"OK in, broadcast", "ProcessID", "4", "System", "14592", "17", "10.255.255.255", "137", "10.0.2.18", "137",
			graph.Contacted{Inbound: true, Process: graph.ProcessRef{PID: 4, Image: "System"}, RemoteIP: "10.0.2.18", RemotePort: 137, LocalIP: "10.255.255.255", LocalPort: 137, Protocol: "udp"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			want := tc.want
			want.Header, want.Source = head(winevent.Security, 5156, time.Time{}), "5156"
			check(t, event(winevent.Security, 5156, tc.field, tc.pid, "Application", tc.application, "Direction", tc.direction, "Protocol", tc.protocol,
				"SourceAddress", tc.source, "SourcePort", tc.sourcePort, "DestAddress", tc.dest, "DestPort", tc.destPort), &want)
		})
	}
}

func TestObserveContactClock(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, utc string
		want      time.Time
	}{
		{"OK near", "2020-09-22 03:45:14.000", at.Add(-4 * time.Hour)},
		{"OK days off", "2020-09-20 03:45:14.000", time.Time{}},
		{"OK none", "-", time.Time{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o, err := winevent.Observe(event(winevent.Sysmon, 3, "UtcTime", tc.utc, "ProcessId", "8", "Initiated", "true", "DestinationIp", "1.1.1.1"))
			if err != nil {
				t.Fatal(err)
			}
			if got := o.Head().Clock.UTC; !got.Equal(tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestObserveAsked(t *testing.T) {
	t.Parallel()
	check(t, event(winevent.Sysmon, 22, "ProcessGuid", guid, "ProcessId", "812", "Image", `C:\a.exe`, "QueryName", "GitHub.Map.fastly.net.",
		"QueryStatus", "0", "QueryResults", "type:  5 github.map.fastly.net;::ffff:151.101.208.133;"),
		&graph.Asked{
			Header:  head(winevent.Sysmon, 22, time.Time{}),
			Process: graph.ProcessRef{GUID: guidUp, PID: 812, Image: `C:\a.exe`},
			Name:    "GitHub.Map.fastly.net.", Status: "0", Answers: []string{"151.101.208.133"},
		})
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"-": nil, "": nil, ";;": nil,
		"::ffff:1.2.3.4;::ffff:1.2.3.4;2600:0:0:0:0:0:0:1;": {"1.2.3.4", "2600::1"},
		"type:  6 ;10.0.1.14;":                              {"10.0.1.14"},
		"type:  5 a.example;type:  5 b.example;8.8.8.8":     {"8.8.8.8"},
		"type:  12 x.example;":                              nil,
		"type:  1 9.9.9.9;type:  28 ::1;type:  16 7.7.7.7;": {"9.9.9.9", "::1"},
		"plain.example;1.1.1.1;":                            {"1.1.1.1"},
	} {
		if got := winevent.Answers(in); !slices.Equal(got, want) {
			t.Errorf("Answers(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add("type:  5 a.b;::ffff:1.2.3.4;")
	f.Add("type:;type: 1;type:  28 ::1%eth0;")
	f.Fuzz(func(t *testing.T, s string) {
		seen := map[string]bool{}
		for _, a := range winevent.Answers(s) {
			if ip, ok := graph.NormalIP(a); !ok || ip != a || seen[a] {
				t.Errorf("%q is no canonical address or comes twice", a)
			}
			seen[a] = true
		}
	})
}
