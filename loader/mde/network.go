package mde

import (
	"net/url"
	"strings"
	"time"

	"github.com/taskroot/taskroot/graph"
)

// outbound are the actions that are a process reaching out, made or only tried;
// any of them may end in "AggregatedReport".
var outbound = map[string]bool{
	"ConnectionSuccess": true, "ConnectionFailed": true, "ConnectionRequest": true, "ConnectionAttempt": true,
	"ConnectionFound": true, "ConnectionAcknowledged": true,
}

// inbound are the actions that are another machine reaching in.
var inbound = map[string]bool{
	"InboundConnectionAccepted": true, "InboundConnectionAttempt": true, "InboundConnectionAcknowledged": true,
	"InboundConnectionRequest": true, "InboundConnectionSuccess": true,
}

// inspected says whether an action is what the network inspection engine saw of
// a connection. Its column AdditionalFields has the fields of the Zeek log of
// that protocol, and the process is missing more often than not.
func inspected(action string) bool {
	return strings.HasSuffix(action, "ConnectionInspected") || action == "NetworkSignatureInspected"
}

// networkRow reads DeviceNetworkEvents. A socket that only listens is no contact
// and is not wanted.
func networkRow(r row) ([]graph.Observation, error) {
	action := strings.TrimSuffix(r.action, aggregated)
	switch {
	case action == "DnsConnectionInspected":
		return inspectedQuestion(r)
	case outbound[action], inbound[action], inspected(action):
		return contactRow(r, action)
	}
	return nil, nil
}

func contactRow(r row, action string) ([]graph.Observation, error) {
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	extra, _ := r.extra() // a contact is one without it
	c := graph.Contacted{
		Header: h, Process: r.initiating(), Inbound: inbound[action] || strings.EqualFold(extra.text("direction"), "in"),
		RemoteIP: r.ip("RemoteIP"), RemotePort: r.port("RemotePort"), LocalIP: r.ip("LocalIP"), LocalPort: r.port("LocalPort"),
		Protocol: protocol(r.text("Protocol")), Source: "defender",
	}
	if !c.Inbound {
		c.RemoteName = remoteName(r.text("RemoteUrl"))
		if c.RemoteName == "" && inspected(action) {
			c.RemoteName = orElse(remoteName(extra.text("host")), remoteName(extra.text("server_name")))
		}
	}
	switch {
	case c.Process.PID == 0:
		return nil, withoutProcess
	case c.RemoteIP == "" && c.RemoteName == "":
		return nil, withoutRemote
	}
	return append(repeated(&c, extra), r.mention(h)...), nil
}

// repeated is a contact once, or, where the row is a report of many that says
// when they began and ended, at both times.
func repeated(c *graph.Contacted, extra extra) []graph.Observation {
	first, last := extra.time("firstSeen"), extra.time("lastSeen")
	if first.IsZero() || last.IsZero() || !first.Before(last) || last.Sub(first) > 48*time.Hour {
		return []graph.Observation{c}
	}
	later := *c
	c.Clock.Claimed, later.Clock.Claimed = first, last
	return []graph.Observation{c, &later}
}

// protocol is tcp, udp or what else the column has: Defender writes Tcp, TcpV4,
// Udp and the like.
func protocol(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	switch strings.TrimRight(s, "v46") {
	case "tcp":
		return "tcp"
	case "udp":
		return "udp"
	}
	switch s {
	case "6":
		return "tcp"
	case "17":
		return "udp"
	}
	return s
}

// remoteName is the host in a RemoteUrl: a URL, host:port, or a host, with a path
// or without; "" where it is an address, which says nothing that RemoteIP does
// not.
func remoteName(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.Index(s, "://"); i >= 0 {
		s = s[i+3:]
	}
	if i := strings.IndexAny(s, `/\?#`); i >= 0 {
		s = s[:i]
	}
	s = s[strings.LastIndexByte(s, '@')+1:]
	if strings.HasPrefix(s, "[") || strings.Count(s, ":") > 1 {
		return "" // an IPv6 address
	}
	s, _, _ = strings.Cut(s, ":")
	if plain, err := url.PathUnescape(s); err == nil {
		s = plain
	}
	s = strings.ToLower(strings.TrimRight(s, ". "))
	if _, isIP := graph.NormalIP(s); isIP || strings.ContainsAny(s, " \t\r\n*%,;") {
		return ""
	}
	return s
}

// inspectedQuestion reads a DNS question that the inspection engine saw: query,
// answers, rcode_name and direction, as in Zeek's dns.log. One that came in is
// another machine's.
func inspectedQuestion(r row) ([]graph.Observation, error) {
	extra, err := r.extra()
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(extra.text("direction"), "in") {
		return nil, fromOutside
	}
	status := orElse(extra.text("rcode"), extra.text("rcode_name"))
	if strings.EqualFold(status, "NOERROR") || status == "" && len(extra.addresses("answers")) > 0 {
		status = "0"
	}
	return question(r, extra.text("query"), status, extra.addresses("answers"))
}

// answered reads DeviceEvents' DnsQueryResponse.
func answered(r row) ([]graph.Observation, error) {
	extra, err := r.extra()
	if err != nil {
		return nil, err
	}
	answers := extra.addresses("DnsQueryResult")
	status := extra.text("DnsQueryStatus")
	if status == "" && len(answers) > 0 {
		status = "0"
	}
	return question(r, extra.text("DnsQueryString"), status, answers)
}

func question(r row, name, status string, answers []string) ([]graph.Observation, error) {
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	a := &graph.Asked{
		Header: h, Process: r.initiating(), Name: strings.TrimSpace(name), Status: status, Answers: answers, Source: "defender",
	}
	switch {
	case a.Process.PID == 0:
		return nil, withoutProcess
	case a.Name == "" || a.Name == "-":
		return nil, ErrNoQuery
	}
	return append([]graph.Observation{a}, r.mention(h)...), nil
}
