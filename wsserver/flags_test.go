package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli/clitest"
	"echolab/internal/server"
)

func TestHelpAndVersion(t *testing.T) {
	clitest.Help(t, run, "wsserver", "addr", "codec", "only", "read", "chunk", "delay", "glue", "max-message", "max-conns", "max-header", "header-timeout",
		"idle-timeout", "write-timeout", "ping", "pong-wait", "origin", "host", "compress", "tls", "tls-cert", "tls-key", "json", "quiet")
}

func TestMisuseIsNamed(t *testing.T) {
	clitest.Misuse(t, run, "wsserver", [][2]string{
		{"stray", `"stray": only flags … -addr`},
		{"-only ws", "-only ws: … raw … http"},
		{"-only htpp", "did you mean http?"},
		{"-tls-cert= -tls-key=", "-tls-cert: it must not be empty"},
		{"-tls", "-tls needs a value: -tls self-signed"},
		{"-tls=", "-tls: it must not be empty"},
		{"-origin=", "-origin: it must not be empty"},
		{"-addr=", "-addr: it must not be empty"},
		{"-addr 127.0.0.1:", "-addr 127.0.0.1:: … port from 0"},
		{"-idle-timeout 5", "-idle-timeout: … unit: 5s"},
		{"-max-message 9223372036854775807", "-max-message 9223372036854775807: … 1073741824 or less"},
		{"-only http -codec lines", "-codec: … -only http"},
		{"-only raw -compress", "-compress: … -only raw"},
		{"-only raw -tls self-signed", "-tls: … -only raw"},
		{"-chunk -1", "-chunk -1: … 0 or more"},
		{"-glue -chunk 1", "-chunk … -glue … combined"},
		{"-delay -1s", "-delay -1s: … 0s or more"},
		{"-max-header 0", "-max-header 0: … 1 or more"},
		{"-max-header 1048577", "-max-header 1048577: … 1048576 or less"},
		{"-header-timeout 0", "-header-timeout 0s: … more than 0"},
		{"-write-timeout 0", "-write-timeout 0s: … more than 0"},
		{"-ping -1s", "-ping -1s: … more than 0"},
		{"-ping 9000h", "-ping 9000h0m0s: … 8760h0m0s or less"},
		{"-pong-wait 0", "-pong-wait 0s: … more than 0"},
		{"-host http://a.example", `"http://a.example" is not a host … lab.example`},
		{"-host a.example:80", `"a.example:80" is not a host`},
		{"-host a.example,", `"" is not a host`},
		{"-only raw -host a.example", "-host: … -only raw"},
		{"-origin a.example", `"a.example" … https://a.example … http://127.0.0.1:8000 … *`},
		{"-origin https://a.example,", `"" is not a site`},
		{"-origin https://*.a.example", `"https://*.a.example" is not a site`},
		{"-origin https://a.example/page", `"https://a.example/page" is not a site`},
		{"-origin https://bücher.example", `"https://bücher.example" … ASCII … https://xn--`},
		{"-origin wss://a.example", `"wss://a.example" … http:// … https://`},
		{"-tls yes", "-tls yes: … self-signed … -tls-cert … -tls-key"},
		{"-tls self-signed -tls-key k", "-tls self-signed … -tls-cert"},
		{"-tls-cert c", "-tls-cert needs -tls-key"},
		{"-tls-key k", "-tls-key needs -tls-cert"},
		{"-read 0 -ping -1s", "-ping -1s: … more than 0"},
	})
}

// TestTheFlagsAreTheServersOptions: what a server makes of them is internal/server's to test.
func TestTheFlagsAreTheServersOptions(t *testing.T) {
	parsed := func(args string) *options {
		o, fs := new(options), flag.NewFlagSet("wsserver", flag.ContinueOnError)
		o.define(fs)
		require.NoError(t, fs.Parse(strings.Fields(args)))
		require.NoError(t, o.check(fs))
		return o
	}
	o := parsed("-write-timeout 1s -max-header 2 -header-timeout 3s -ping 4s -pong-wait 5s -compress -only http " +
		"-origin https://a.example,https://b.example -origin http://c.example:80 -host a.example,b.example -host *")
	assert.NotNil(t, o.Web.Handler)
	o.Web.Handler = nil
	assert.Equal(t, &server.Web{MaxHeader: 2, HeaderTimeout: 3 * time.Second, Ping: 4 * time.Second, PongWait: 5 * time.Second,
		Deflate: true, Only: server.HTTP, Origins: []string{"https://a.example", "https://b.example", "http://c.example"},
		Hosts: []string{"a.example", "b.example", "*"}}, o.Web)
	assert.Equal(t, time.Second, o.WriteTimeout)
	o = parsed("")
	assert.Equal(t, []any{server.DefaultMaxHeader, server.DefaultHeaderTimeout, server.DefaultPing, server.DefaultPongWait},
		[]any{o.Web.MaxHeader, o.Web.HeaderTimeout, o.Web.Ping, o.Web.PongWait})
	assert.Equal(t, writeTimeout, o.WriteTimeout)
	assert.Equal(t, server.Raw, parsed("-only raw").Web.Only)
	assert.Negative(t, parsed("-ping 0").Web.Ping, "which is how a Web is told to send none")
}

func TestASiteIsNamedAsBrowsersNameIt(t *testing.T) {
	for text, want := range map[string]string{
		"*": "*", "null": "null", "https://a.example": "https://a.example", "https://a.example/": "https://a.example",
		"https://a.example:443": "https://a.example", "http://a.example:80": "http://a.example",
		"http://a.example:443": "http://a.example:443", "http://[::1]:8000": "http://[::1]:8000",
	} {
		origin, err := parseOrigin(text)
		assert.NoError(t, err, text)
		assert.Equal(t, want, origin)
	}
	for _, text := range []string{
		"https://", "https://u@a.example", "https://a.example?", "https://a.example#", "https://:443", "https://a b",
	} {
		_, err := parseOrigin(text)
		assert.Error(t, err, text)
	}
}

func TestAPortInUseIsExplained(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	first := start(t)
	whose := "probably by another tcpserver or wsserver"
	if runtime.GOOS == "linux" {
		whose = fmt.Sprintf(`by wsserver\.test \(process %d\)`, os.Getpid())
	}
	for _, args := range [][]string{{"-quiet"}, {"-quiet", "-tls", "self-signed"}} {
		status, stdout, stderr := once(t, append(args, "-addr", first.Addr)...)
		assert.Equal(t, 1, status)
		assert.Empty(t, stdout)
		assert.Regexp(t, `^wsserver: `+first.Addr+` .*in use, `+whose+`: stop.*-addr.*127\.0\.0\.1:0.*\n$`, stderr)
	}
	assert.Equal(t, "still here", first.Exchange(t, "still here"))
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	assert.NoError(t, err)
	assert.Empty(t, left, "a certificate that nobody needs")
}

func TestThePageIsWhereABrowserCanOpenIt(t *testing.T) {
	for args, want := range map[string]string{
		"-addr 127.0.0.1:0": `\npage http://127\.0\.0\.1:\d+/\n`, "-addr 127.0.0.1:0 -tls self-signed": `\npage https://127\.0\.0\.1:\d+/\n`,
		"-addr 0.0.0.0:0 -only http": `\npage http://localhost:\d+/\n`, "-addr 127.0.0.1:0 -only raw": ``,
	} {
		t.Setenv("TMPDIR", t.TempDir())
		ctx, interrupt := context.WithCancel(t.Context())
		var stdout clitest.Printed
		ended := make(chan int, 1)
		go func() { ended <- run(ctx, strings.Fields(args+" -quiet"), &stdout, io.Discard) }()
		stdout.Await(t, `listening on (\S+)`)
		interrupt()
		assert.Zero(t, <-ended)
		if want == "" {
			assert.NotContains(t, stdout.String(), "page ", args)
		} else {
			assert.Regexp(t, want, stdout.String(), args)
		}
	}
}
