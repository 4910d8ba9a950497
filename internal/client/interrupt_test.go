package client_test

import (
	"context"
	"io"
	"iter"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"echolab/internal/client"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/sock"
)

// interrupted runs a client until ready is closed, then ends its context, and looks at what it says.
func interrupted(t *testing.T, cl client.Client, addr string, input iter.Seq2[[]byte, error], ready <-chan struct{}) client.Result {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-ready
		cancel()
	}()
	watch := time.AfterFunc(labtest.Watchdog, cancel)
	defer watch.Stop()
	cl.Timeout = 2 * labtest.Watchdog
	r, err := cl.Run(ctx, addr, input)
	assert.Equal(t, context.Canceled, err)
	assert.Equal(t, "interrupted", r.Error)
	assert.False(t, r.OK)
	return r
}

func TestAnInterruptedClientWaitsForNoEcho(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	gone, sent := make(chan struct{}), make(chan struct{})
	addr := fake(t, func(c *net.TCPConn) {
		drain(c)
		close(sent)
		<-gone
	})
	r := interrupted(t, client.Client{}, addr, of(three...), sent)
	close(gone)
	assert.Equal(t, 3, r.MessagesSent)
	assert.EqualValues(t, 15, r.BytesSent)
}

func TestAnInterruptedClientStopsSending(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	echoed := make(chan struct{})
	addr := fake(t, func(c *net.TCPConn) {
		io.CopyN(c, c, 1<<20)
		close(echoed)
		io.Copy(c, c)
	})
	endless := func(yield func([]byte, error) bool) {
		for yield([]byte(flood), nil) {
		}
	}
	r := interrupted(t, client.Client{}, addr, endless, echoed)
	assert.Positive(t, r.BytesSent)
}

func TestAnInterruptedClientDoesNotWaitForAServerThatDoesNotRead(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	labtest.OnLinux(t)
	ctx := labtest.Bounded(t)
	gone, full := make(chan struct{}), make(chan struct{})
	addr := fake(t, func(c *net.TCPConn) {
		sock.AwaitUnread(ctx, c, 1)
		close(full)
		<-gone
	})
	interrupted(t, client.Client{}, addr, repeat(1000, flood), full)
	close(gone)
}

func TestAnInterruptedClientDoesNotWaitForItsInput(t *testing.T) {
	type given struct {
		before int // messages
		live   bool
	}
	for name, c := range map[string]given{
		"at first": {}, "when little was sent": {before: 3}, "when much was sent": {before: 1000},
		"at first, live": {live: true}, "when a live input has sent little": {before: 3, live: true},
	} {
		t.Run(name, func(t *testing.T) {
			waits, release := make(chan struct{}), make(chan struct{})
			blocks := func(yield func([]byte, error) bool) {
				close(waits)
				<-release
				yield([]byte("too late"), nil)
			}
			s := serve(t, new(server.Server))
			others := goleak.IgnoreCurrent()
			rec := new(labtest.Account)
			interrupted(t, client.Client{Recorder: rec, Live: c.live}, s.addr, then(repeat(c.before, flood[:1000]), blocks), waits)
			account := rec.Kinds()
			close(release) // an input that blocks keeps its goroutine until it goes on: it cannot be interrupted
			s.Close()
			goleak.VerifyNone(t, others)
			assert.Equal(t, account, rec.Kinds(), "nothing is told after the result")
		})
	}
}

func TestAClientThatIsInterruptedBeforeItBeginsConnectsToNobody(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := serve(t, new(server.Server))
	r, err := client.Client{}.Run(ctx, s.addr, of(three...))
	assert.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, r.MessagesSent)
	assert.Zero(t, s.Stats().Conns)
}

func TestADeadlineOfTheContextIsItsError(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	gone := make(chan struct{})
	addr := fake(t, func(*net.TCPConn) { <-gone })
	_, err := client.Client{Timeout: labtest.Watchdog}.Run(ctx, addr, of(three...))
	close(gone)
	assert.Equal(t, context.DeadlineExceeded, err)
}
