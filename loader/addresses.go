package loader

import (
	"strings"

	"github.com/taskroot/taskroot/graph"
	"github.com/taskroot/taskroot/internal/fault"
)

// HostAddresses reads the addresses that the configuration gives hosts: IPs parted by
// spaces, by the host's name. What is no IP is fault.Invalid.
func HostAddresses(given map[string]string) (map[string][]string, error) {
	all := map[string][]string{}
	for host, list := range given {
		for text := range strings.FieldsSeq(list) {
			ip, ok := graph.NormalIP(text)
			if !ok {
				return nil, fault.New(fault.Invalid, "hosts.addresses: %q of %s is no IP", text, host).
					WithHint("give IPs parted by spaces, such as 'ws1.corp.example: 10.0.0.5'")
			}
			key := graph.HostKey(host)
			all[key] = append(all[key], ip)
		}
	}
	return all, nil
}
