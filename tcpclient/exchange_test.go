package main

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheAccountIsForPeople(t *testing.T) {
	r := runClient(t, startServer(t, "raw"))
	assert.Equal(t, 0, r.status)
	for _, part := range []string{"socket ", "connect ", "message ", "write ", "shutdown ", "read ", "end ",
		"client → server, 33 bytes", "server → client, 33 bytes", "3 messages sent in 3 writes; "} {
		assert.Contains(t, "\n"+r.stdout, "\n"+part)
	}
	assert.NotContains(t, r.stdout, "\x1b", "a buffer is no terminal")
}

func TestQuietPrintsTheVerdictOnly(t *testing.T) {
	r := runClient(t, startServer(t, "lines"), "-quiet", "-codec", "lines")
	assert.Equal(t, 0, r.status)
	assert.Regexp(t, `^3 messages sent in 3 writes; .* and the framing \(lines\) gave back 3 messages\.$`, unfolded(r.stdout))
	assert.Empty(t, r.stderr)
}

func TestInJSONEveryLineIsAnEventAndTheLastTheResult(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		args := []string{startServer(t, "length"), "-codec", "length", "-json", "-chunk", "5"}
		if quiet {
			args = append(args, "-quiet")
		}
		r := runClient(t, args...)
		assert.Equal(t, 0, r.status)
		last := r.result(t)
		assert.NotEmpty(t, last["verdict"])
		assert.Positive(t, last["reads"])
		delete(last, "verdict")
		delete(last, "reads") // how many is luck on some systems
		assert.Equal(t, map[string]any{
			"ev": "result", "ok": true, "messages_sent": 3.0, "messages_received": 3.0,
			"writes": 9.0, "bytes_sent": 45.0, "bytes_received": 45.0,
		}, last)
		assert.Equal(t, quiet, strings.Count(r.stdout, "\n") == 1)
		assert.Empty(t, r.stderr)
	}
}

func TestNobodyListeningIsOneLineOfAdvice(t *testing.T) {
	addr := nobody(t)
	for _, quiet := range []string{"-quiet", "-quiet=false"} {
		r := runClient(t, addr, quiet)
		assert.Equal(t, 1, r.status)
		assert.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
		at := strings.TrimPrefix(addr, "-addr=")
		assert.Contains(t, r.stderr, "tcpclient: nobody listens on "+at)
		assert.Contains(t, r.stderr, `"go run ./tcpserver -addr `+at+`"`)
		assert.Contains(t, r.stderr, `"go run ./tcpclient -tour"`)
		assert.NotContains(t, r.stdout, "messages sent")
	}
	r := runClient(t, addr, "-json")
	assert.Equal(t, 1, r.status)
	last := r.result(t)
	assert.Equal(t, false, last["ok"])
	assert.Contains(t, last["error"], "connection refused")
}

// silent is a server that takes connections and says nothing; it returns -addr with its address, and a channel that is
// closed when a client has sent everything.
func silent(t *testing.T) (addr string, sent <-chan struct{}) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	all, gone, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.Copy(io.Discard, c)
		close(all)
		<-gone
	}()
	t.Cleanup(func() {
		close(gone)
		ln.Close()
		<-done
	})
	return "-addr=" + ln.Addr().String(), all
}

// interrupted runs the program until ready is closed, and interrupts it then.
func interrupted(t *testing.T, stdin io.Reader, ready <-chan struct{}, args ...string) try {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), watchdog)
	defer cancel()
	interrupt, stop := context.WithCancel(ctx)
	go func() {
		<-ready
		stop()
	}()
	var out, err strings.Builder
	status := run(interrupt, args, stdin, &out, &err)
	require.NoError(t, ctx.Err())
	return try{status, out.String(), err.String()}
}

func TestAnInterruptWhileItWaitsIsStatus130(t *testing.T) {
	addr, sent := silent(t)
	r := interrupted(t, nil, sent, addr, "-json")
	assert.Equal(t, 130, r.status)
	assert.Equal(t, "tcpclient: interrupted\n", r.stderr)
	last := r.result(t)
	assert.Equal(t, false, last["ok"])
	assert.Equal(t, 3.0, last["messages_sent"])
}

func TestAnInterruptWhileItWaitsForItsInputIsStatus130(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	read := make(chan struct{})
	stdin := &noticed{Reader: r, called: read}
	got := interrupted(t, stdin, read, startServer(t, "raw"), "-file", "-")
	assert.Equal(t, 130, got.status)
	assert.Equal(t, "tcpclient: interrupted\n", got.stderr)
}

// noticed is a reader that says when it is read from.
type noticed struct {
	io.Reader
	called chan struct{} // closed then
}

func (r *noticed) Read(p []byte) (int, error) {
	if r.called != nil {
		close(r.called)
		r.called = nil
	}
	return r.Reader.Read(p)
}
