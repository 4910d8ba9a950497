package client_test

import (
	"context"
	"io"
	"iter"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"echolab/internal/client"
	"echolab/internal/event"
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
	t.Parallel() // it waits
	labtest.OnLinux(t)
	for name, cl := range map[string]client.Client{"raw": {}, "frames": {Frames: new(client.Frames)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // a WebSocket is given some time for a Close
			ctx := labtest.Bounded(t)
			gone, full := make(chan struct{}), make(chan struct{})
			treat := func(c *net.TCPConn) {
				sock.AwaitUnread(ctx, c, 1<<16)
				close(full)
				<-gone
			}
			addr := fake(t, treat)
			if cl.Frames != nil {
				addr = upgraded(t, func(p *webPeer) { treat(p.TCPConn) })
			}
			interrupted(t, cl, addr, repeat(1000, flood), full)
			close(gone)
		})
	}
}

func TestAnInterruptedClientDoesNotWaitForItsInput(t *testing.T) {
	secrets, trusts := labtest.Secrets(t)
	plain, pinging := new(client.Frames), &client.Frames{Deflate: true, Fragment: 300, Ping: true}
	for name, c := range map[string]struct {
		before int // messages
		cl     client.Client
	}{
		"at first": {}, "when little was sent": {before: 3}, "when much was sent": {before: 1000},
		"at first, live": {0, client.Client{Live: true}}, "when a live input has sent little": {3, client.Client{Live: true}},
		"frames, at first":                  {0, client.Client{Frames: plain}},
		"frames, when little was sent":      {2, client.Client{Frames: plain}},
		"frames, when much was sent":        {300, client.Client{Frames: plain}},
		"inside a frame":                    {300, client.Client{Frames: plain, Chunk: 1001}},
		"frames of a live input":            {2, client.Client{Frames: plain, Live: true}},
		"frames of a live input, glued":     {2, client.Client{Frames: plain, Live: true, Glue: true}},
		"compressed":                        {300, client.Client{Frames: pinging}},
		"frames inside TLS":                 {300, client.Client{Frames: plain, TLS: trusts}},
		"frames, glued, when much was held": {300, client.Client{Frames: plain, Glue: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := webEcho(t, &server.Web{Deflate: true, TLS: secrets})
			others := goleak.IgnoreCurrent()
			rec := new(labtest.Account)
			c.cl.Recorder = rec
			blocks, waits, release := waiting()
			r := interrupted(t, c.cl, s.addr, then(repeat(c.before, flood[:1000]), blocks), waits)
			account := rec.Kinds()
			if c.cl.Frames != nil {
				assert.Equal(t, 1001, r.CloseSent)
				assert.Equal(t, 1001, r.CloseReceived, "and waits for the answer")
				frames := rec.All(event.Frame, event.ClientToServer)
				assert.Equal(t, byte(ws.OpClose), frames[len(frames)-1].Opcode)
				if c.cl.Glue {
					assert.Len(t, frames, 1, "what does not go in one write does not go at all")
					assert.Zero(t, r.MessagesSent)
				}
			}
			release() // an input that blocks keeps its goroutine until it goes on: it cannot be interrupted
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
