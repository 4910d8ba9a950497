package client_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/websocket"
)

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
	blocks, waits, release := waiting()
	go func() {
		<-waits
		s.Shutdown(context.Background())
	}()
	r, err := overWebSocket(client.Frames{}).Run(labtest.Bounded(t), s.addr, then(repeat(20, flood), blocks))
	release()
	require.ErrorContains(t, err, "of 20 messages: websocket: the peer sent Close 1001")
	assert.Equal(t, 1001, r.CloseSent)
}

func TestACloseSaysGoodbyeAfterTheFrameThatWasBegun(t *testing.T) {
	var frames []wsFrame
	gone := make(chan struct{})
	addr := upgraded(t, func(p *webPeer) {
		defer close(gone)
		p.send(peerClose(4321, ""))
		frames = p.untilClose() // every frame whole, or it could not be read
	})
	blocks, _, release := waiting()
	cl := overWebSocket(client.Frames{})
	cl.Chunk = 1000
	_, err := cl.Run(labtest.Bounded(t), addr, then(repeat(3, flood), blocks))
	release()
	require.ErrorContains(t, err, "Close 4321")
	<-gone
	require.NotEmpty(t, frames)
	assert.Equal(t, websocket.ClosePayload(4321, ""), frames[len(frames)-1].Payload)
}
