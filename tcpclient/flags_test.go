package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestHelpFitsATerminalAndBeginsWithExamples(t *testing.T) {
	r := runClient(t, "-h")
	assert.Equal(t, 0, r.status)
	assert.Empty(t, r.stderr)
	assert.Less(t, strings.Index(r.stdout, "go run ./tcpclient"), strings.Index(r.stdout, "Flags:"))
	for line := range strings.Lines(r.stdout) {
		line = strings.Replace(strings.TrimRight(line, "\n"), "    \t", strings.Repeat(" ", 8), 1)
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 80, line)
	}
	for _, name := range []string{
		"addr", "codec", "message", "file", "chunk", "glue", "nodelay", "read", "max-message", "timeout", "json", "quiet", "tour", "list", "version",
		"ws", "fragment", "ping", "close", "compress", "tls", "ca", "insecure",
	} {
		assert.Contains(t, r.stdout, "  -"+name)
	}
}

func TestTheExamplesOfTheHelpAreNoMisuse(t *testing.T) {
	addr := nobody(t)
	for line := range strings.Lines(runClient(t, "-h").stdout) {
		command, ok := strings.CutPrefix(line, "  go run ./tcpclient ")
		if !ok {
			continue
		}
		command, _, _ = strings.Cut(command, "  ") // the explanation
		args := append(strings.Fields(command), addr)
		if strings.Contains(command, "-tour") {
			args = append(args, "-list")
		}
		assert.NotEqual(t, 2, runClient(t, args...).status, line)
	}
}

func TestVersion(t *testing.T) {
	r := runClient(t, "-version")
	assert.Equal(t, 0, r.status)
	assert.Regexp(t, `^tcpclient \S+ go`, r.stdout)
	assert.Empty(t, r.stderr)
}

func TestMisuseIsNamed(t *testing.T) {
	cases := []struct{ args, says string }{
		{"-no-such-flag", "-no-such-flag"},
		{"stray", `"stray": only flags are allowed`},
		{"-message a b", `"b": only flags are allowed`},
		{"-codec morse", `-codec: codec "morse" is not known: it is one of raw|lines|fixed=N|length`},
		{"-addr 127.0.0.1:0", "-addr 127.0.0.1:0: nobody listens on port 0"},
		{"-codec fixed=100 -max-message 10", "-codec fixed=100 and -max-message 10: every message would be over the limit"},
		{"-codec fixed=x", `-codec: codec "fixed=x": the size must be a whole number of bytes from 1 up`},
		{"-addr nowhere", "-addr nowhere: it must be HOST:PORT"},
		{"-chunk -1", "-chunk -1: it must be 0 or more"},
		{"-chunk 999999999", "-chunk 999999999: it must be "},
		{"-chunk 1 -glue", "-chunk and -glue cannot be combined"},
		{"-message a -file b", "-message and -file cannot be combined"},
		{"-read 0", "-read 0: it must be 1 or more"},
		{"-read x", `invalid value "x" for flag -read`},
		{"-max-message 0", "-max-message 0: it must be 1 or more"},
		{"-timeout 0s", "-timeout 0s: it must be more than 0"},
		{"-timeout -1s", "-timeout -1s: it must be more than 0"},
		{"-nodelay=maybe", `invalid boolean value "maybe" for -nodelay`},
		{"-tour no-such-experiment", `there is no experiment "no-such-experiment": tcpclient -list has their names`},
		{"-tour=no-such-experiment", `there is no experiment "no-such-experiment"`},
		{"-tour udp,no-such-experiment", `there is no experiment "no-such-experiment"`},
	}
	for _, c := range cases {
		r := runClient(t, strings.Fields(c.args)...)
		assert.Equal(t, 2, r.status, c.args)
		assert.Contains(t, r.stderr, c.says)
		assert.True(t, strings.HasPrefix(r.stderr, "tcpclient: "), r.stderr)
		assert.Contains(t, r.stderr, "Run tcpclient -h")
		assert.Empty(t, r.stdout)
	}
}
