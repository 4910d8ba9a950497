package client_test

import (
	"context"
	"net"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/sock"
	"echolab/internal/websocket"
)

// lastOf is a client's last frame.
func lastOf(t *testing.T, frames []wsFrame) wsFrame {
	t.Helper()
	require.NotEmpty(t, frames)
	return frames[len(frames)-1]
}

func TestAnInterruptedWebSocketSaysThatItGoesAway(t *testing.T) {
	for name, c := range map[string]struct {
		before int // messages
		frames client.Frames
		chunk  int
		live   bool
		glue   bool
	}{
		"before the first message": {},
		"when little was sent":     {before: 2},
		"when much was sent":       {before: 300},
		"inside a frame":           {before: 300, chunk: 1001},
		"a live input":             {before: 2, live: true},
		"a live input, glued":      {before: 2, live: true, glue: true},
		"compressed":               {before: 300, frames: client.Frames{Deflate: true, Fragment: 300, Ping: true}},
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			waits := make(chan struct{})
			blocks := func(yield func([]byte, error) bool) {
				close(waits)
				<-release
				yield([]byte("too late"), nil)
			}
			s := webEcho(t, &server.Web{Deflate: true})
			others := goleak.IgnoreCurrent()
			rec := new(labtest.Account)
			cl := client.Client{Frames: &c.frames, Chunk: c.chunk, Live: c.live, Glue: c.glue, Recorder: rec}
			r := interrupted(t, cl, s.addr, then(repeat(c.before, flood[:1000]), blocks), waits)
			account := rec.Kinds()
			assert.Equal(t, 1001, r.CloseSent)
			assert.Equal(t, 1001, r.CloseReceived, "and waits for the answer")
			frames := rec.All(event.Frame, event.ClientToServer)
			last := frames[len(frames)-1]
			assert.Equal(t, byte(ws.OpClose), last.Opcode)
			close(release) // an input that blocks keeps its goroutine until it goes on
			s.Close()
			goleak.VerifyNone(t, others)
			assert.Equal(t, account, rec.Kinds(), "nothing is told after the result")
		})
	}
}

func TestAnInterruptedWebSocketDoesNotWaitForAServerThatDoesNotRead(t *testing.T) {
	labtest.OnLinux(t)
	t.Parallel() // it is given some time for a Close
	ctx := labtest.Bounded(t)
	gone, full := make(chan struct{}), make(chan struct{})
	addr := upgraded(t, func(p *webPeer) {
		sock.AwaitUnread(ctx, p.TCPConn, 1<<16)
		close(full)
		<-gone
	})
	interrupted(t, overWebSocket(client.Frames{}), addr, repeat(1000, flood), full)
	close(gone)
}

func TestAnInterruptInsideTheHandshakeEndsIt(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	asked, gone := make(chan struct{}), make(chan struct{})
	addr := webFake(t, func(*webPeer) {
		close(asked)
		<-gone
	})
	r := interrupted(t, overWebSocket(client.Frames{}), addr, of(three...), asked)
	close(gone)
	assert.Zero(t, r.MessagesSent)
}

func TestAnInterruptWhileItWaitsForTheEchoEndsAWebSocket(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	came := make(chan struct{})
	addr := upgraded(t, func(p *webPeer) {
		p.three()
		close(came)
		p.untilClose()
		p.send(peerClose(1001, ""))
	})
	r := interrupted(t, overWebSocket(client.Frames{}), addr, of(three...), came)
	assert.Equal(t, 1001, r.CloseSent)
}

func TestAnInputThatFailsEndsAWebSocketInGoodOrder(t *testing.T) {
	for _, before := range []int{0, 3, 500} {
		s := webEcho(t, new(server.Web))
		r, err := overWebSocket(client.Frames{}).Run(labtest.Bounded(t), s.addr, then(repeat(before, flood[:1000]), fails(net.ErrWriteToConnected)))
		assert.ErrorIs(t, err, net.ErrWriteToConnected)
		assert.Equal(t, 1001, r.CloseSent)
	}
}

func TestAnErrorOfTheInputIsTheErrorOfAWebSocketToo(t *testing.T) {
	addr := upgraded(t, func(p *webPeer) {
		p.untilClose()
		p.send(peerClose(1001, "")) // and no echo, which need not come any more
	})
	_, err := overWebSocket(client.Frames{}).Run(labtest.Bounded(t), addr, then(of(three...), fails(errInput)))
	require.ErrorIs(t, err, errInput)
}

func TestAMessageOverTheLimitIsNotSentAsFrames(t *testing.T) {
	s := webEcho(t, new(server.Web))
	cl := overWebSocket(client.Frames{})
	cl.MaxMessage = 10
	r, says := failing(t, cl, s.addr, "short", "this is too long")
	assert.Contains(t, says, "message 2: a message of 16 bytes is over the limit of 10")
	assert.Equal(t, 1, r.MessagesSent)
	assert.Equal(t, 1001, r.CloseSent)
}

func TestEveryCodeThatMayBeSentIsAnswered(t *testing.T) {
	s := webEcho(t, new(server.Web))
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1014, 3000, 4999} {
		r, err := overWebSocket(client.Frames{Close: code}).Run(labtest.Bounded(t), s.addr, of(three...))
		require.NoError(t, err)
		assert.Equal(t, code, r.CloseSent)
		assert.Equal(t, code, r.CloseReceived)
	}
}

func TestTheServerClosesFirst(t *testing.T) {
	labtest.OnLinux(t)
	s := webEcho(t, new(server.Web))
	rec := new(labtest.Account)
	cl := overWebSocket(client.Frames{})
	cl.Recorder = rec
	_, err := cl.Run(labtest.Bounded(t), s.addr, of(three...))
	require.NoError(t, err)
	assert.Equal(t, "end of the stream: the server closes first", rec.AwaitText(t, event.End))
	assert.Equal(t, "the client closes second; state CLOSE-WAIT, and TIME-WAIT stays with the server", rec.AwaitText(t, event.Close))
}

func TestAServerThatStopsSendsItsClientAway(t *testing.T) {
	s := webEcho(t, new(server.Web))
	waits, release := make(chan struct{}), make(chan struct{})
	blocks := func(func([]byte, error) bool) {
		close(waits)
		<-release
	}
	go func() {
		<-waits
		s.Shutdown(context.Background())
	}()
	r, err := overWebSocket(client.Frames{}).Run(labtest.Bounded(t), s.addr, then(repeat(20, flood), blocks))
	close(release)
	require.ErrorContains(t, err, "of 20 messages: websocket: the peer sent Close 1001")
	assert.Equal(t, 1001, r.CloseSent)
}

func TestABrokenWebSocketLeavesNoGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, answer := range []string{"\x83\x00", "\x81\x01x", "\x88\x00", ""} {
		addr := upgraded(t, func(p *webPeer) {
			p.next()
			p.Write([]byte(answer))
		})
		_, err := overWebSocket(client.Frames{Ping: true}).Run(context.Background(), addr, repeat(1000, flood))
		assert.Error(t, err)
	}
}

func TestACloseSaysGoodbyeAfterTheFrameThatWasBegun(t *testing.T) {
	var frames []wsFrame
	gone := make(chan struct{})
	addr := upgraded(t, func(p *webPeer) {
		defer close(gone)
		p.send(peerClose(4321, ""))
		frames = p.untilClose() // every frame whole, or it could not be read
	})
	waits, release := make(chan struct{}), make(chan struct{})
	cl := overWebSocket(client.Frames{})
	cl.Chunk = 1000
	_, err := cl.Run(labtest.Bounded(t), addr, then(repeat(3, flood), func(func([]byte, error) bool) {
		close(waits)
		<-release
	}))
	close(release)
	require.ErrorContains(t, err, "Close 4321")
	<-gone
	assert.Equal(t, websocket.ClosePayload(4321, ""), lastOf(t, frames).Payload)
}
