package client_test

import (
	"bufio"
	"context"
	"io"
	"iter"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/streammap"
)

// greeting greets its client, answers each line, and says goodbye.
func greeting(c *net.TCPConn) {
	io.WriteString(c, "220 hello\n")
	for s := bufio.NewScanner(c); s.Scan(); {
		io.WriteString(c, "250 ok\n")
	}
	io.WriteString(c, "221 bye\n")
}

func TestAServerThatDoesNotEchoIsShownAsItIs(t *testing.T) {
	rec := new(labtest.Account)
	cl := client.Client{Codec: framing.Lines{}, NoEcho: true, Recorder: rec}
	r, err := cl.Run(labtest.Bounded(t), fake(t, greeting), of(three...))
	require.NoError(t, err)
	assert.True(t, r.OK)
	var got []string
	for _, e := range rec.All(event.Message, event.ServerToClient) {
		got = append(got, string(e.Bytes))
	}
	assert.Equal(t, []string{"220 hello", "250 ok", "250 ok", "250 ok", "221 bye"}, got)
	assert.Zero(t, r.Echoed.Row(streammap.Sent).Count, "its messages are not the client's")
	assert.Regexp(t, `^3 messages sent in 3 writes; \d.* 39 bytes: 5 messages\. Nothing was compared\.$`, r.Verdict(framing.Lines{}))
}

// TestAMapHasNoMessagesThatAreNotInIt: an answer that is no echo is not drawn as one.
func TestAMapHasNoMessagesThatAreNotInIt(t *testing.T) {
	for _, codec := range []framing.Codec{framing.Raw{}, framing.Lines{}, framing.LengthPrefix{}} {
		r, err := client.Client{Codec: codec}.Run(labtest.Bounded(t), fake(t, greeting), of(three...))
		require.Error(t, err)
		assert.Zero(t, r.Echoed.Row(streammap.Sent).Count, "%v", codec)
	}
}

func TestAServerThatDoesNotEchoMayBeSilent(t *testing.T) {
	t.Parallel() // it waits
	hold := make(chan struct{})
	defer close(hold)
	addr := fake(t, func(c *net.TCPConn) {
		io.WriteString(c, "220 hello\n")
		<-hold
	})
	r, err := client.Client{Codec: framing.Lines{}, NoEcho: true, Timeout: impatient}.Run(labtest.Bounded(t), addr, of(three...))
	require.NoError(t, err)
	assert.Equal(t, 1, r.MessagesReceived)
}

func TestAWebSocketThatDoesNotEcho(t *testing.T) {
	t.Parallel() // it waits
	for name, c := range map[string]struct {
		treat          func(p *webPeer)
		received, code int
	}{
		"it sends what it likes": {func(p *webPeer) {
			p.send(peerText("one"), peerText("two"))
			for f, err := p.next(); err == nil; f, err = p.next() {
				if f.Header.OpCode == ws.OpClose {
					p.send(peerClose(1000, ""))
					return
				}
			}
		}, 2, 1000},
		"it closes first": {func(p *webPeer) {
			p.send(peerText("one"), peerClose(1001, "going"))
			p.untilClose()
		}, 1, 1001},
	} {
		t.Run(name, func(t *testing.T) {
			cl := overWebSocket(client.Frames{})
			cl.NoEcho, cl.Timeout = true, 10*impatient
			r, err := cl.Run(labtest.Bounded(t), upgraded(t, c.treat), of("hello"))
			require.NoError(t, err)
			assert.Equal(t, c.received, r.MessagesReceived)
			assert.Equal(t, []int{c.code, c.code}, []int{r.CloseSent, r.CloseReceived})
		})
	}
}

// forever is an input that has one message, and does not end before the test does.
func forever(t *testing.T) iter.Seq2[[]byte, error] {
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	return func(yield func([]byte, error) bool) {
		if yield([]byte("hello"), nil) {
			<-end
		}
	}
}

func TestAServerThatDoesNotEchoMayEndBeforeTheInput(t *testing.T) {
	for name, cl := range map[string]client.Client{"lines": {Codec: framing.Lines{}}, "frames": {Frames: new(client.Frames)}} {
		addr := fake(t, func(c *net.TCPConn) { _, _ = bufio.NewReader(c).ReadString('\n') })
		if cl.Frames != nil {
			addr = upgraded(t, func(p *webPeer) {
				p.next()
				p.send(peerClose(1000, ""))
				p.untilClose()
			})
		}
		cl.NoEcho, cl.Live = true, true
		r, err := cl.Run(labtest.Bounded(t), addr, forever(t))
		require.NoError(t, err, name)
		assert.Equal(t, 1, r.MessagesSent)
	}
}

func TestADelayIsBetweenTwoMessages(t *testing.T) {
	t.Parallel() // it waits
	s := serve(t, new(server.Server))
	began := time.Now()
	r, err := client.Client{Delay: impatient}.Run(labtest.Bounded(t), s.addr, of(three...))
	require.NoError(t, err)
	assert.GreaterOrEqual(t, time.Since(began), 2*impatient)
	assert.Equal(t, 3, r.Writes)
}

func TestADelayEndsWithTheContextAndWithTheServer(t *testing.T) {
	ctx, interrupt := context.WithCancel(labtest.Bounded(t))
	addr := fake(t, func(c *net.TCPConn) {
		_, _ = c.Read(make([]byte, 5))
		interrupt()
		_, _ = io.Copy(io.Discard, c)
	})
	_, err := client.Client{Delay: time.Hour}.Run(ctx, addr, of(three...))
	assert.ErrorIs(t, err, context.Canceled)
	addr = fake(t, func(c *net.TCPConn) { _, _ = c.Read(make([]byte, 5)) })
	_, err = client.Client{Delay: time.Hour}.Run(labtest.Bounded(t), addr, of(three...))
	assert.ErrorContains(t, err, "the server ended the stream after 0 bytes of echo")
}
