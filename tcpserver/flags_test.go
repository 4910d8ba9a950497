package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"echolab/internal/cli/clitest"
	"echolab/internal/text/texttest"
)

func TestHelpFitsATerminalAndBeginsWithExamples(t *testing.T) {
	status, help, stderr := once(t, "-h")
	assert.Equal(t, 0, status)
	assert.Empty(t, stderr)
	assert.Less(t, strings.Index(help, "go run ./tcpserver"), strings.Index(help, "Flags:"))
	for line := range strings.Lines(help) {
		line = strings.Replace(strings.TrimRight(line, "\n"), "    \t", strings.Repeat(" ", 8), 1)
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 80, line)
	}
	for _, name := range []string{"addr", "codec", "read", "max-message", "max-conns", "idle-timeout", "json", "quiet", "version"} {
		assert.Contains(t, help, "  -"+name)
	}
}

func TestVersion(t *testing.T) {
	status, version, stderr := once(t, "-version")
	assert.Equal(t, 0, status)
	assert.Regexp(t, `^tcpserver \S+ go`, version)
	assert.Empty(t, stderr)
}

func TestMisuseIsNamed(t *testing.T) {
	cases := []struct{ args, says string }{
		{"-no-such-flag", "-no-such-flag"},
		{"stray", `"stray": only flags are allowed`},
		{"-codec morse", `-codec: codec "morse" is not known: it is one of raw|lines|fixed=N|length`},
		{"-codec fixed=100 -max-message 10", "-codec fixed=100 and -max-message 10: … limit"},
		{"-codec fixed=0", `-codec: codec "fixed=0": the size must be a whole number of bytes from 1 up`},
		{"-addr nowhere", "-addr nowhere: … HOST:PORT"},
		{"-addr 127.0.0.1:65536", "-addr 127.0.0.1:65536: … HOST:PORT"},
		{"-read 0", "-read 0: … 1 or more"},
		{"-read 67108865", "-read 67108865: … 67108864 or less"},
		{"-read many", `invalid value "many" for flag -read`},
		{"-max-message 0", "-max-message 0: … 1 or more"},
		{"-max-conns -1", "-max-conns -1: … 1 or more"},
		{"-idle-timeout 0s", "-idle-timeout 0s: … more than 0"},
		{"-idle-timeout 100000h", "-idle-timeout 100000h0m0s: … 8760h0m0s or less"},
		{"-idle-timeout soon", `invalid value "soon" for flag -idle-timeout`},
		{"-read 0 -max-conns 0", "-max-conns 0: … 1 or more"},
	}
	for _, c := range cases {
		status, stdout, stderr := once(t, strings.Fields(c.args)...)
		assert.Equal(t, 2, status, c.args)
		texttest.Mentions(t, stderr, c.says)
		assert.True(t, strings.HasPrefix(stderr, "tcpserver: "), stderr)
		assert.Contains(t, stderr, "Run tcpserver -h")
		assert.Empty(t, stdout)
	}
}

func TestAPortInUseIsExplained(t *testing.T) {
	first := start(t)
	status, stdout, stderr := once(t, "-addr", first.Addr, "-quiet")
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, first.Addr+" is already in use")
	assert.Contains(t, stderr, "choose another port with -addr (127.0.0.1:0 picks a free one)")
	assert.Equal(t, 1, strings.Count(stderr, "\n"))
}

func TestAnAddressOfAnotherMachineCannotBeListenedOn(t *testing.T) {
	status, _, stderr := once(t, "-addr", "192.0.2.1:0") // RFC 5737: nobody has it
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "tcpserver: cannot listen on 192.0.2.1:0: ")
}

func TestInJSONAFailureIsAResultToo(t *testing.T) {
	first := start(t)
	status, stdout, _ := once(t, "-addr", first.Addr, "-json")
	assert.Equal(t, 1, status)
	last := clitest.LastLine(t, stdout)
	assert.Equal(t, "result", last["ev"])
	assert.Equal(t, false, last["ok"])
	assert.Contains(t, last["error"], "in use")
}
