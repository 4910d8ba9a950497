package main

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// self is this process.
var self = &process{cmd: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}

// generate lets a generator run on a server that handles each connection so.
func generate(t *testing.T, ctx context.Context, l load, handle func(c *net.TCPConn)) *generator {
	t.Helper()
	g, err := startGenerator(ctx, listen(t, handle), false, l)
	require.NoError(t, err)
	t.Cleanup(g.close)
	return g
}

func TestAServerThatIsStuckIsAnError(t *testing.T) {
	ctx, end := context.WithCancelCause(t.Context())
	g := generate(t, ctx, load{2, 64, 1}, func(c *net.TCPConn) { io.Copy(io.Discard, c) })
	end(os.ErrDeadlineExceeded)
	require.ErrorIs(t, g.wait(watchdog), os.ErrDeadlineExceeded)
	require.ErrorIs(t, g.finish(), os.ErrDeadlineExceeded)
}

func TestAWrongEchoIsAnErrorWhileItIsMeasuredAndAtTheEnd(t *testing.T) {
	for _, end := range []func(*generator) error{func(g *generator) error { return g.wait(watchdog) }, (*generator).finish} {
		g := generate(t, t.Context(), load{2, 64, 1}, func(c *net.TCPConn) { io.WriteString(c, "hello") })
		assert.ErrorContains(t, end(g), "message 0: ")
	}
}

func TestATurnIsOverWhenEnoughCameBack(t *testing.T) {
	g := generate(t, t.Context(), load{3, 64, 7}, func(c *net.TCPConn) { io.Copy(c, c) })
	turn, err := g.watch(self, time.Nanosecond)
	require.NoError(t, err)
	require.NoError(t, g.finish())
	assert.GreaterOrEqual(t, g.phase.done.Load(), int64(3*7*minWindows))
	assert.Positive(t, turn.rate)
	assert.Positive(t, g.phase.trips.TotalCount())
}

func TestATurnIsNotOverBeforeEnoughCameBack(t *testing.T) {
	ctx, end := context.WithCancelCause(t.Context())
	start := make(chan bool)
	g := generate(t, ctx, load{3, 64, 7}, func(c *net.TCPConn) {
		<-start
		io.CopyN(c, c, 64*7*(minWindows-1))
		<-t.Context().Done()
	})
	watched := make(chan error)
	go func() {
		_, err := g.watch(self, time.Nanosecond)
		watched <- err
	}()
	for !g.phase.measuring.Load() {
		runtime.Gosched()
	}
	close(start)
	for g.phase.done.Load() < 3*7*(minWindows-1) {
		runtime.Gosched()
	}
	end(os.ErrDeadlineExceeded)
	assert.ErrorIs(t, <-watched, os.ErrDeadlineExceeded)
}
