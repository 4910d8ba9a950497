package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMessagesCanBeGivenOneByOne(t *testing.T) {
	r := runClient(t, startServer(t, "raw"), "-json", "-message", "one", "-message=", "-message", "안녕 하세요\n")
	assert.Equal(t, 0, r.status)
	assert.Equal(t, []string{`"one"`, `""`, `"안녕 하세요\n"`}, r.sent(t))
}

func TestMessagesAreTheLinesOfAFile(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"lines":                     {"one\ntwo\n", []string{`"one"`, `"two"`}},
		"the ends of lines in DOS":  {"one\r\ntwo\r\n", []string{`"one"`, `"two"`}},
		"no line feed at the end":   {"one\ntwo", []string{`"one"`, `"two"`}},
		"empty lines":               {"\n\none\n\n", []string{`""`, `""`, `"one"`, `""`}},
		"an empty file":             {"", nil},
		"a carriage return in line": {"a\rb\n", []string{`"a\rb"`}},
		"one before the end":        {"a\rb\r", []string{`"a\rb\r"`}},
		"two before a line feed":    {"a\r\r\n", []string{`"a\r"`}},
		"nothing but one":           {"\r", []string{`"\r"`}},
	} {
		t.Run(name, func(t *testing.T) {
			addr := startServer(t, "length")
			r := runClient(t, addr, "-json", "-codec", "length", "-file", temp(t, c.text))
			assert.Equal(t, 0, r.status, r.stderr)
			assert.Equal(t, c.want, r.sent(t))
			assert.EqualValues(t, len(c.want), r.result(t)["messages_sent"])

			piped := runClientWith(t, strings.NewReader(c.text), addr, "-json", "-codec", "length", "-file", "-")
			assert.Equal(t, 0, piped.status, piped.stderr)
			assert.Equal(t, c.want, piped.sent(t))
		})
	}
}

func TestAnEmptyFileIsNotAnError(t *testing.T) {
	r := runClient(t, startServer(t, "raw"), "-file", temp(t, ""))
	assert.Equal(t, 0, r.status)
	assert.Contains(t, r.stdout, "client → server: no byte")
	assert.Contains(t, unfolded(r.stdout), "0 messages sent in 0 writes; there was no byte to echo.")
}

func TestWhatIsPipedIntoTheProgramIsItsInput(t *testing.T) {
	for _, args := range [][]string{nil, {"-file", "-"}} {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		go func() {
			fmt.Fprint(w, "one\ntwo\n")
			w.Close()
		}()
		got := runClientWith(t, r, append(args, startServer(t, "lines"), "-json", "-codec", "lines")...)
		require.NoError(t, r.Close())
		assert.Equal(t, 0, got.status, got.stderr)
		assert.Equal(t, []string{`"one"`, `"two"`}, got.sent(t))
	}
}

func TestAFileRedirectedIntoTheProgramIsItsInput(t *testing.T) {
	f, err := os.Open(temp(t, "one\ntwo\n"))
	require.NoError(t, err)
	defer f.Close()
	assert.Equal(t, []string{`"one"`, `"two"`}, runClientWith(t, f, startServer(t, "raw"), "-json").sent(t))
}

func TestWithoutAnInputTheSamplesAreSent(t *testing.T) {
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	for _, nothing := range []*os.File{nil, null} {
		r := runClientWith(t, nothing, startServer(t, "raw"), "-json")
		assert.Equal(t, []string{`"hello"`, `"안녕하세요"`, `"goodbye, TCP!"`}, r.sent(t))
	}
}

func TestMessagesGoBeforeWhatIsPiped(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	assert.Equal(t, []string{`"one"`}, runClientWith(t, r, startServer(t, "raw"), "-json", "-message", "one").sent(t))
}

func TestTheSamplesAreAsLongAsAFixedSizeNeedsThem(t *testing.T) {
	for codec, want := range map[string][]string{
		"fixed=1":  {`"h"`, `"\xec"`, `"g"`},
		"fixed=3":  {`"hel"`, `"안"`, `"goo"`},
		"fixed=16": {`"hello..........."`, `"안녕하세요."`, `"goodbye, TCP!..."`},
	} {
		r := runClient(t, startServer(t, codec), "-json", "-codec", codec)
		assert.Equal(t, 0, r.status, r.stderr)
		assert.Equal(t, want, r.sent(t))
	}
}

func TestAnInputThatCannotBeReadIsNamed(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	long := temp(t, "short\n"+strings.Repeat("x", 100)+"\n")
	onTheWay := temp(t, strings.Repeat("short\n", 10_000)+strings.Repeat("x", 100))
	for name, c := range map[string]struct{ path, says string }{
		"a missing file":            {missing, "cannot read the messages: open " + missing},
		"a directory":               {dir, "cannot read the messages: read " + dir},
		"a line too long":           {long, "line 2 of " + long + " is longer than the limit of 10 bytes for a message (-max-message)"},
		"a line too long at length": {onTheWay, "line 10001 of " + onTheWay + " is longer than the limit of 10 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			addr := startServer(t, "lines")
			r := runClient(t, addr, "-codec", "lines", "-max-message", "10", "-file", c.path)
			assert.Equal(t, 1, r.status)
			assert.Contains(t, r.stderr, "tcpclient: "+c.says)
			assert.Equal(t, 1, strings.Count(r.stderr, "\n"))

			r = runClient(t, addr, "-codec", "lines", "-max-message", "10", "-file", c.path, "-json")
			assert.Equal(t, 1, r.status)
			last := r.result(t)
			assert.Equal(t, false, last["ok"])
			assert.Contains(t, last["error"], c.says)
		})
	}
}

func TestALineJustOverTheLimitIsNamedAsAMessage(t *testing.T) {
	addr := startServer(t, "lines")
	for _, end := range []string{"", "\n", "\r\n"} {
		fits := temp(t, "short\n"+strings.Repeat("x", 10)+end)
		assert.Equal(t, 0, runClient(t, addr, "-codec", "lines", "-max-message", "10", "-file", fits).status)
		over := runClient(t, addr, "-codec", "lines", "-max-message", "10", "-file", temp(t, "short\n"+strings.Repeat("x", 11)+end))
		assert.Equal(t, 1, over.status)
		assert.Regexp(t, `message 2: a message of 11 bytes is over the limit of 10 \(-max-message\)|line 2 of .* is longer than the limit of 10`, over.stderr)
	}
}

func TestOnlyAnInputThatComesWithTimeIsLive(t *testing.T) {
	file, err := os.Open(temp(t, "one\n"))
	require.NoError(t, err)
	defer file.Close()
	pipe, w, err := os.Pipe()
	require.NoError(t, err)
	defer pipe.Close()
	defer w.Close()
	for name, c := range map[string]struct {
		options options
		stdin   io.Reader
		live    bool
	}{
		"a pipe":                {options{}, pipe, true},
		"a pipe, named -":       {options{file: "-"}, pipe, true},
		"a redirected file":     {options{}, file, false},
		"a file":                {options{file: file.Name()}, pipe, false},
		"a device":              {options{file: os.DevNull}, nil, true},
		"a message":             {options{messages: messagesFlag{[]byte("one")}}, pipe, false},
		"the samples":           {options{}, nil, false},
		"a program's own input": {options{file: "-"}, strings.NewReader(""), true},
	} {
		t.Run(name, func(t *testing.T) {
			_, done, err := c.options.input(t.Context(), c.stdin)
			require.NoError(t, err)
			defer done()
			assert.Equal(t, c.live, c.options.Live)
		})
	}
}

func TestALineOfAPipeIsSentWhenItComes(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	go func() {
		defer w.Close()
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for _, line := range []string{"one\n", "two\n"} { // the second only when the first has come
			fmt.Fprint(w, line)
			if _, err := io.CopyN(c, c, int64(len(line))); err != nil {
				return
			}
		}
		w.Close()
		_, _ = io.Copy(c, c)
	}()
	got := runClientWith(t, r, "-addr="+ln.Addr().String(), "-codec", "lines", "-json")
	assert.Equal(t, 0, got.status, got.stderr)
	assert.Equal(t, []string{`"one"`, `"two"`}, got.sent(t))
	assert.Equal(t, 2.0, got.result(t)["messages_received"])
}
