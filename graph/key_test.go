package graph_test

import (
	"testing"

	"github.com/taskroot/taskroot/graph"
)

func TestNormalName(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Example.COM", "example.com"},
		{"example.com.", "example.com"},
		{"example.com...", "example.com"},
		{" a.example ", "a.example"},
		{"WPAD", "wpad"},
		{"a.example:8443", "a.example"},
		{"A.Example.:443", "a.example"},
		{"bücher.example", "xn--bcher-kva.example"},
		{"BÜCHER.Example.", "xn--bcher-kva.example"},
		{"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
		{"bücher.example:8080", "xn--bcher-kva.example"},
		{"bu\u0308cher.example", "xn--bcher-kva.example"}, // composed and not are one
		{"faß.example", "xn--fa-hia.example"},
		{"www。例え。jp。", "www.xn--r8jz45g.jp"},
		{"ｅxample.com", "example.com"},
		{"אב.example", "xn--4dbc.example"},
		{"_ldap._tcp.dc._msdcs.Corp.Example", "_ldap._tcp.dc._msdcs.corp.example"},
		{"_x.bücher.example", "_x.xn--bcher-kva.example"},
		{"r3---sn-abc.googlevideo.com", "r3---sn-abc.googlevideo.com"},
		{"xn--zz.example", "xn--zz.example"},
		{"*.Example.com", "*.example.com"},
		{"a..b", "a..b"},
		{"a:b:c", "a:b:c"},
		{"a.example:http", "a.example:http"},
		{"a.example:123456", "a.example:123456"},
		{"1.2.3.4", "1.2.3.4"},
		{"1.2.3.4.", "1.2.3.4"},
		{"1.2.3.4:443", "1.2.3.4"},
		{"2001:DB8:0::1", "2001:db8::1"},
		{"[2001:DB8::1]", "2001:db8::1"},
		{"[2001:DB8::1]:443", "2001:db8::1"},
		{"::1", "::1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"1.2.3", "1.2.3"},
	} {
		t.Run("OK"+c.in, func(t *testing.T) {
			if got, ok := graph.NormalName(c.in); got != c.want || !ok {
				t.Errorf("%q is %q %v, want %q", c.in, got, ok, c.want)
			}
			if again, _ := graph.NormalName(c.want); again != c.want {
				t.Errorf("%q becomes %q when it is made normal again", c.want, again)
			}
		})
	}
	for _, s := range []string{"", " ", "-", ".", "..", " . "} {
		t.Run("Err"+s, func(t *testing.T) {
			if got, ok := graph.NormalName(s); got != "" || ok {
				t.Errorf("%q is %q %v", s, got, ok)
			}
		})
	}
}

func TestNormalIP(t *testing.T) {
	for in, want := range map[string]string{
		"1.2.3.4": "1.2.3.4", " 1.2.3.4 ": "1.2.3.4", "::FFFF:1.2.3.4": "1.2.3.4", "2001:DB8:0:0::1": "2001:db8::1", "fe80::1%12": "fe80::1",
		"[::1]": "::1", "[fe80::1%eth0]": "fe80::1",
	} {
		if got, ok := graph.NormalIP(in); got != want || !ok {
			t.Errorf("%q is %q %v, want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "-", "a", "1.2.3", "1.2.3.4:5", "01.2.3.4", "[]", "[::1]:5", "1.2.3.4.", "[::1"} {
		if got, ok := graph.NormalIP(in); got != "" || ok {
			t.Errorf("%q is %q %v", in, got, ok)
		}
	}
}

// TestDomain holds registered domains: customers of dynamic DNS and of cloud
// hosting are their own.
func TestDomain(t *testing.T) {
	for _, c := range []struct{ name, domain, suffix string }{
		{"example.com", "example.com", "com"},
		{"a.b.example.com", "example.com", "com"},
		{"a.b.example.co.uk", "example.co.uk", "co.uk"},
		{"co.uk", "co.uk", "co.uk"},
		{"com", "com", "com"},
		{"_ldap._tcp.corp.example.com", "example.com", "com"},
		{"a.xn--bcher-kva.de", "xn--bcher-kva.de", "de"},
		{"www.xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai", "xn--p1ai"},
		{"x.evil.duckdns.org", "evil.duckdns.org", "duckdns.org"},
		{"duckdns.org", "duckdns.org", "duckdns.org"},
		{"evil.ddns.net", "evil.ddns.net", "ddns.net"},
		{"evil.hopto.org", "evil.hopto.org", "hopto.org"},
		{"evil.no-ip.org", "evil.no-ip.org", "no-ip.org"},
		{"a.b.github.io", "b.github.io", "github.io"},
		{"bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com", "s3.amazonaws.com"},
		{"x.azurewebsites.net", "x.azurewebsites.net", "azurewebsites.net"},
		{"acct.blob.core.windows.net", "acct.blob.core.windows.net", "blob.core.windows.net"},
		{"d1.cloudfront.net", "d1.cloudfront.net", "cloudfront.net"},
		{"x.trycloudflare.com", "x.trycloudflare.com", "trycloudflare.com"},
		{"x.workers.dev", "x.workers.dev", "workers.dev"},
		{"x.ngrok-free.app", "x.ngrok-free.app", "ngrok-free.app"},
		{"x.web.app", "x.web.app", "web.app"},
		{"a.b.kawasaki.jp", "a.b.kawasaki.jp", "b.kawasaki.jp"},
		{"a.city.kawasaki.jp", "city.kawasaki.jp", "kawasaki.jp"},
		{"host.corp.lan", "corp.lan", "lan"}, // no rule: the last label
		{"wpad", "wpad", "wpad"},
		{"a..b", "a..b", "b"},
	} {
		t.Run("OK"+c.name, func(t *testing.T) {
			if domain, suffix := graph.Domain(c.name); domain != c.domain || suffix != c.suffix {
				t.Errorf("%q is under %q, suffix %q; want %q, %q", c.name, domain, suffix, c.domain, c.suffix)
			}
		})
	}
}
