package serve

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/framing"
	"echolab/internal/cli"
	"echolab/internal/cli/clitest"
	"echolab/internal/event"
	"echolab/internal/server"
	"echolab/internal/text/texttest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// parsed is what the flags make of args.
func parsed(t *testing.T, args ...string) (*Options, error) {
	o, fs := new(Options), flag.NewFlagSet("prog", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	o.Define(fs)
	require.NoError(t, fs.Parse(args))
	return o, o.Check()
}

func TestWithoutFlagsTheDefaultsAreTheServersOwn(t *testing.T) {
	o, err := parsed(t)
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1:9000", o.Addr)
	assert.Equal(t, framing.Raw{}, o.Codec)
	assert.Zero(t, o.ReadBuffer, "which depends on what the server does")
	assert.Equal(t, server.DefaultMaxMessage, o.MaxMessage)
	assert.Equal(t, server.DefaultMaxConns, o.MaxConns)
	assert.Equal(t, server.DefaultIdleTimeout, o.IdleTimeout)

	o, err = parsed(t, "-read", "65536")
	require.NoError(t, err)
	assert.Equal(t, 65536, o.ReadBuffer, "asked for, and the default's value at that")
}

// TestTheFlagsAreTheServersOptions: what a server makes of them is its own to test.
func TestTheFlagsAreTheServersOptions(t *testing.T) {
	o, err := parsed(t, "-addr", ":1", "-codec", "lines", "-read", "2", "-max-message", "3", "-max-conns", "4",
		"-idle-timeout", "5s", "-json", "-quiet")
	require.NoError(t, err)
	assert.Equal(t, ":1", o.Addr)
	assert.Equal(t, framing.Lines{}, o.Codec)
	assert.Equal(t, []int{2, 3, 4}, []int{o.ReadBuffer, o.MaxMessage, o.MaxConns})
	assert.Equal(t, 5*time.Second, o.IdleTimeout)
	assert.True(t, o.JSON && o.Quiet)
}

func TestGlueHasTheTimeOfADelay(t *testing.T) {
	o, err := parsed(t, "-glue")
	require.NoError(t, err)
	assert.Equal(t, []time.Duration{100 * time.Millisecond, 0}, []time.Duration{o.Glue, o.Delay})
	o, err = parsed(t, "-glue", "-delay", "2s")
	require.NoError(t, err)
	assert.Equal(t, []time.Duration{2 * time.Second, 0}, []time.Duration{o.Glue, o.Delay})
	o, err = parsed(t, "-delay", "2s", "-chunk", "3")
	require.NoError(t, err)
	assert.Equal(t, []time.Duration{0, 2 * time.Second}, []time.Duration{o.Glue, o.Delay})
	assert.Equal(t, 3, o.Chunk)
}

func TestEveryMistakeInTheFlagsIsReported(t *testing.T) {
	_, err := parsed(t, "-codec", "morse", "-addr", "nowhere", "-read", "0", "-max-message", "0", "-max-conns", "0",
		"-idle-timeout", "0")
	for _, name := range []string{"-codec", "-addr", "-read", "-max-message", "-max-conns", "-idle-timeout"} {
		assert.ErrorContains(t, err, name)
	}
}

// finished is what a program says at its end.
func finished(o *Options, stats server.Stats, closed int, err error) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	p := cli.Program{Name: "prog", Stdout: &out, Stderr: &errs}
	status = o.finish(p, nil, stats, closed, err)
	return status, clitest.Unfolded(out.String()), errs.String()
}

func TestTheEndSaysWhatWasDone(t *testing.T) {
	o, stats := new(Options), server.Stats{Conns: 3, Failed: 1, Refused: 2, BytesIn: 2000, BytesOut: 1}
	status, stdout, stderr := finished(o, stats, 0, nil)
	assert.Equal(t, 0, status)
	texttest.Says(t, stdout, "stopped … 3 connections … 1 failed … 2 refused … 2,000 bytes in … 1 byte out … none … cut off")
	assert.Empty(t, stderr)

	_, stdout, _ = finished(o, stats, 1, nil)
	assert.Contains(t, stdout, "1 connection had not finished after 5s and had to be cut off")
	_, stdout, _ = finished(o, stats, 2, nil)
	assert.Contains(t, stdout, "2 connections had not finished after 5s")

	status, stdout, stderr = finished(o, stats, 0, errors.New("accept: it broke"))
	assert.Equal(t, 1, status)
	assert.Contains(t, stdout, "stopped: 3 connections")
	assert.Equal(t, "prog: accept: it broke\n", stderr)
}

func TestTheEndSaysWhatTheConnectionsWere(t *testing.T) {
	o := new(Options)
	o.Web = new(server.Web)
	stats := server.Stats{Conns: 5, BytesIn: 9, BytesOut: 1, WebSocket: 2, HTTP: 1, Raw: 2, Away: 2}
	_, stdout, _ := finished(o, stats, 0, nil)
	texttest.Says(t, stdout, "stopped … 5 connections … 0 failed … 0 refused … 2 WebSockets … 2 answered Close 1001 … 1 HTTP … 2 raw … 9 bytes in … 1 byte out … none … cut off")

	_, stdout, _ = finished(o, server.Stats{Conns: 3, Raw: 1, Custom: 2}, 0, nil)
	assert.Contains(t, stdout, "1 raw, 2 of another protocol;")

	_, stdout, _ = finished(o, server.Stats{Conns: 1, WebSocket: 1}, 0, nil)
	assert.Contains(t, stdout, ": 1 WebSocket, 0 HTTP, 0 raw; 0 bytes in", "whom nobody asked to leave has not failed to")
}

func TestTheResultSaysWhatTheConnectionsWere(t *testing.T) {
	var out bytes.Buffer
	stats := server.Stats{Conns: 2, WebSocket: 1, Raw: 1, Away: 1}
	new(Options).finish(cli.Program{Stdout: &out}, event.NewJSON(&out), stats, 0, nil)
	assert.JSONEq(t, `{"ev": "result", "ok": true, "conns": 2, "refused": 0, "failed": 0, "bytes_in": 0, "bytes_out": 0,
		"messages": 0, "websocket": 1, "raw": 1, "away": 1, "closed": 0}`, out.String())
}

func TestTheAccountNamesTheFlagOfALimit(t *testing.T) {
	for limit, flag := range map[server.Limit]string{
		server.LimitIdle: "-idle-timeout", server.LimitWrite: "-write-timeout", server.LimitPong: "-pong-wait",
		server.LimitConns: "-max-conns", server.LimitOrigins: "-origin",
	} {
		err := fmt.Errorf("somewhere: %w", &server.LimitError{Limit: limit, Text: "too long"})
		assert.Equal(t, "somewhere: too long ("+flag+")", explain(err))
	}
	assert.Equal(t, "reset", explain(errors.New("reset")))
}
