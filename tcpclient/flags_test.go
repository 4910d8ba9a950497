package main

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/cli/clitest"
	"echolab/internal/client"
	"echolab/internal/text/texttest"
)

func TestHelpAndVersion(t *testing.T) {
	clitest.Help(t, clitest.WithInput(run, strings.NewReader("")), "tcpclient", "addr", "codec", "message", "file", "chunk",
		"glue", "no-echo", "delay", "nodelay", "read", "max-message", "timeout", "json", "quiet", "tour", "list", "ws", "fragment", "ping", "close", "compress", "tls", "ca", "insecure")
}

func TestTheExamplesOfTheHelpAreNoMisuse(t *testing.T) {
	addr := nobody(t)
	experiments := 0
	for line := range strings.Lines(runClient(t, "-h").stdout) {
		command, ok := strings.CutPrefix(line, "  go run ./tcpclient ")
		if !ok {
			continue
		}
		command, _, _ = strings.Cut(command, "  ") // the explanation
		if _, names, ok := strings.Cut(command, "-tour"); ok {
			picked, err := pick(splitNames(strings.Fields(names)))
			assert.NoError(t, err, line)
			experiments += len(picked)
			continue
		}
		assert.NotEqual(t, 2, runClient(t, append(strings.Fields(command), addr)...).status, line)
	}
	assert.Positive(t, experiments)
}

func TestVersion(t *testing.T) {
	r := runClient(t, "-version")
	assert.Equal(t, 0, r.status)
	assert.Regexp(t, `^tcpclient \S+ go`, r.stdout)
	assert.Empty(t, r.stderr)
}

func TestTheFlagsAreWhatTheClientDoes(t *testing.T) {
	o, fs := new(options), flag.NewFlagSet("", flag.ContinueOnError)
	o.define(fs)
	require.NoError(t, fs.Parse(strings.Fields("-chunk 7 -read 3 -nodelay=false -max-message 99 -timeout 50ms -ws -fragment 4 -ping -close 3000 -compress")))
	require.NoError(t, o.check(fs))
	require.NoError(t, o.apply(&o.Client))
	assert.Equal(t, client.Client{Codec: framing.Raw{}, Chunk: 7, ReadBuffer: 3, Nagle: true, MaxMessage: 99, Timeout: 50 * time.Millisecond,
		Frames: &client.Frames{Fragment: 4, Ping: true, Close: 3000, Deflate: true}}, o.Client)

	for _, codec := range []string{"raw", "lines", "fixed=16", "length"} {
		o, fs := new(options), flag.NewFlagSet("", flag.ContinueOnError)
		o.define(fs)
		require.NoError(t, fs.Parse([]string{"-glue", "-codec", codec}))
		require.NoError(t, o.check(fs))
		assert.True(t, o.Glue)
		assert.Equal(t, codec, fmt.Sprint(o.Codec))
	}
}

func TestMisuseIsNamed(t *testing.T) {
	cases := []struct{ args, says string }{
		{"-no-such-flag", "-no-such-flag"},
		{"stray", `"stray": only flags … -message`},
		{"-chunks 1", "no flag -chunks … -chunk?"},
		{"-message a b", `"b": only flags`},
		{"-codec morse", `-codec: codec "morse" … raw|lines|fixed=N|length`},
		{"-codec legnth", "-codec: … did you mean length?"},
		{"-addr 127.0.0.1:0", "-addr 127.0.0.1:0: … port from 1"},
		{"-addr 127.0.0.1:00", "-addr 127.0.0.1:00: … port from 1"},
		{"-addr 127.0.0.1:", "-addr 127.0.0.1:: … port from 1"},
		{"-codec=", "-codec: it must not be empty"},
		{"-tour=", "-tour: it must not be empty"},
		{"-tour -chunk 3", "-chunk: … no effect with -tour"},
		{"-tour udp -ws", "-ws: … no effect with -tour"},
		{"-list -json", "-json: … no effect with -list"},
		{"-tour udp -list", "-tour: … no effect with -list"},
		{"-codec fixed=9223372036854775807 -max-message 9223372036854775807", "-max-message … 1073741824 or less"},
		{"-codec fixed=99999999999999999999", "-codec: … size"},
		{"-codec fixed=100000000000", "-codec fixed=100000000000 and -max-message 1048576: … limit"},
		{"-read 99999999999999999999", `invalid value "99999999999999999999" for flag -read: … at most 9223372036854775807`},
		{"-timeout 5", "-timeout: … unit: 5s"},
		{"-timeout soon", "-timeout: … as in 5s"},
		{"-timeout 99999h", "-timeout 99999h0m0s: … 8760h0m0s or less"},
		{"-message", "-message needs a value: -message TEXT"},
		{"-codec fixed=100 -max-message 10", "-codec fixed=100 and -max-message 10: … limit"},
		{"-codec fixed=x", `-codec: codec "fixed=x": … size … from 1 up`},
		{"-addr nowhere", "-addr nowhere: … HOST:PORT"},
		{"-chunk -1", "-chunk -1: … 0 or more"},
		{"-chunk 999999999", "-chunk 999999999: … or less"},
		{"-chunk 1 -glue", "-chunk and -glue"},
		{"-delay 1s -glue", "-delay and -glue"},
		{"-delay -1s", "-delay -1s: … 0s or more"},
		{"-message a -file b", "-message and -file"},
		{"-read 0", "-read 0: … 1 or more"},
		{"-read x", `invalid value "x" for flag -read`},
		{"-max-message 0", "-max-message 0: … 1 or more"},
		{"-timeout 0s", "-timeout 0s: … more than 0"},
		{"-timeout -1s", "-timeout -1s: … more than 0"},
		{"-nodelay=maybe", `invalid boolean value "maybe" for -nodelay: … true or false`},
		{"-tour no-such-experiment", `"no-such-experiment" … tcpclient -list`},
		{"-tour hangl", "did you mean hangul?"},
		{"-tour=no-such-experiment", `no experiment "no-such-experiment"`},
		{"-tour udp,no-such-experiment", `no experiment "no-such-experiment"`},
	}
	for _, c := range cases {
		r := runClient(t, strings.Fields(c.args)...)
		assert.Equal(t, 2, r.status, c.args)
		texttest.Mentions(t, r.stderr, c.says)
		assert.True(t, strings.HasPrefix(r.stderr, "tcpclient: "), r.stderr)
		assert.Contains(t, r.stderr, "Run tcpclient -h")
		assert.Empty(t, r.stdout)
	}
}
