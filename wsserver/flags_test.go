package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli/clitest"
	"echolab/internal/server"
	"echolab/internal/text/texttest"
)

func TestHelpFitsATerminalAndBeginsWithExamples(t *testing.T) {
	status, help, stderr := once(t, "-h")
	assert.Equal(t, 0, status)
	assert.Empty(t, stderr)
	assert.Less(t, strings.Index(help, "go run ./wsserver"), strings.Index(help, "Flags:"))
	for line := range strings.Lines(help) {
		line = strings.Replace(strings.TrimRight(line, "\n"), "    \t", strings.Repeat(" ", 8), 1)
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 80, line)
	}
	for _, name := range []string{
		"addr", "codec", "only", "read", "max-message", "max-conns", "max-header", "header-timeout", "idle-timeout",
		"write-timeout", "ping", "pong-wait", "origin", "compress", "tls", "tls-cert", "tls-key", "json", "quiet", "version",
	} {
		assert.Contains(t, help, "\n  -"+name)
	}
}

func TestTheDefaultsAreThoseOfTheServer(t *testing.T) {
	_, help, _ := once(t, "-h")
	_, help, _ = strings.Cut(clitest.Unfolded(help), " Flags: ")
	help = " " + help + " -"
	for flag, value := range map[string]string{
		"addr": `"127.0.0.1:9000"`, "codec": `"raw"`, "read": "65536", "max-message": "1048576", "max-conns": "1024",
		"max-header": "16384", "header-timeout": "10s", "idle-timeout": "5m0s", "write-timeout": "30s",
		"ping": "30s", "pong-wait": "10s",
	} {
		assert.Regexp(t, ` -`+flag+` [^()]*(\([^()]*\)[^()]*)?\(default `+value+`\) -`, help)
	}
	assert.Equal(t, 16<<10, server.DefaultMaxHeader)
}

func TestVersion(t *testing.T) {
	status, version, stderr := once(t, "-version")
	assert.Equal(t, 0, status)
	assert.Regexp(t, `^wsserver \S+ go`, version)
	assert.Empty(t, stderr)
}

func TestMisuseIsNamed(t *testing.T) {
	cases := []struct{ args, says string }{
		{"-no-such-flag", "-no-such-flag"},
		{"stray", `"stray": only flags`},
		{"-codec morse", `-codec: codec "morse" … raw|lines|fixed=N|length`},
		{"-codec fixed=100 -max-message 10", "-codec fixed=100 and -max-message 10: … limit"},
		{"-addr nowhere", "-addr nowhere: … HOST:PORT"},
		{"-only ws", "-only ws: … raw … http"},
		{"-only http -codec lines", "-codec: … -only http"},
		{"-only raw -compress", "-compress: … -only raw"},
		{"-only raw -tls self-signed", "-tls: … -only raw"},
		{"-read 0", "-read 0: … 1 or more"},
		{"-max-message 0", "-max-message 0: … 1 or more"},
		{"-max-conns 0", "-max-conns 0: … 1 or more"},
		{"-max-header 0", "-max-header 0: … 1 or more"},
		{"-max-header 1048577", "-max-header 1048577: … 1048576 or less"},
		{"-header-timeout 0", "-header-timeout 0s: … more than 0"},
		{"-idle-timeout -1s", "-idle-timeout -1s: … more than 0"},
		{"-write-timeout 0", "-write-timeout 0s: … more than 0"},
		{"-write-timeout soon", `invalid value "soon" for flag -write-timeout`},
		{"-ping -1s", "-ping -1s: … more than 0"},
		{"-ping 9000h", "-ping 9000h0m0s: … 8760h0m0s or less"},
		{"-pong-wait 0", "-pong-wait 0s: … more than 0"},
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
	}
	for _, c := range cases {
		status, stdout, stderr := once(t, strings.Fields(c.args)...)
		assert.Equal(t, 2, status, c.args)
		texttest.Mentions(t, stderr, c.says)
		assert.True(t, strings.HasPrefix(stderr, "wsserver: "), stderr)
		assert.Contains(t, stderr, "Run wsserver -h")
		assert.Empty(t, stdout)
	}
}

func TestPingsCanBeOff(t *testing.T) {
	for value, want := range map[string]time.Duration{"0": -1, "7s": 7 * time.Second} {
		o, fs := new(options), flag.NewFlagSet("wsserver", flag.ContinueOnError)
		o.define(fs)
		require.NoError(t, fs.Parse([]string{"-ping", value}))
		require.NoError(t, o.check(fs))
		assert.Equal(t, want, o.Web.Ping)
	}
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
	for _, args := range [][]string{{"-quiet"}, {"-quiet", "-tls", "self-signed"}} {
		status, stdout, stderr := once(t, append(args, "-addr", first.Addr)...)
		assert.Equal(t, 1, status)
		assert.Empty(t, stdout)
		assert.Regexp(t, `^wsserver: `+first.Addr+` .*in use.*tcpserver or wsserver.*-addr.*127\.0\.0\.1:0.*\n$`, stderr)
	}
	assert.Equal(t, "still here", first.Exchange(t, "still here"))
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	assert.NoError(t, err)
	assert.Empty(t, left, "a certificate that nobody needs")
}
