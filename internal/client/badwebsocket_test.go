package client_test

import (
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/sock"
	"echolab/internal/text/texttest"
	"echolab/internal/websocket"
)

// changed is what a bad server makes of the frames that a good one would send.
func changed(change func(frames []wsFrame) []wsFrame) func(p *webPeer) {
	return func(p *webPeer) {
		p.send(change(echoOf(p.three()))...)
		p.CloseWrite()
		p.goodbye()
	}
}

// pinging is a server that answers three messages with these frames, and closes when it is asked to: a Ping may be
// read before the client has ended its side.
func pinging(change func(frames []wsFrame) []wsFrame) func(p *webPeer) {
	return func(p *webPeer) {
		p.send(change(echoOf(p.three()[:3]))...)
		p.untilClose()
		p.send(peerClose(1000, ""))
	}
}

// bytesThere puts bytes in the place of a frame.
func bytesThere(i int, b string) func(p *webPeer) {
	return func(p *webPeer) {
		frames := echoOf(p.three())
		p.Write(append(append(framesOf(frames[:i]...), b...), framesOf(frames[i:]...)...))
		p.CloseWrite()
		p.goodbye()
	}
}

func TestABadWebSocketServerIsFoundOut(t *testing.T) {
	cases := map[string]struct {
		treat func(p *webPeer)
		says  string
	}{
		"changes a byte": {changed(func(f []wsFrame) []wsFrame { f[1].Payload[2] ^= 1; return f }),
			"message 2 … offset 136 … byte 2 … 0x73 … 0x72"},
		"changes a length": {changed(func(f []wsFrame) []wsFrame { f[0].Payload = f[0].Payload[1:]; return f }),
			"message 1 … offset 129 … 4 bytes … 5 bytes"},
		"changes text to binary": {changed(func(f []wsFrame) []wsFrame { f[2].Header.OpCode = ws.OpBinary; return f }),
			"message 3 … offset 143 … binary … text"},
		"sends a message more": {changed(func(f []wsFrame) []wsFrame { return append([]wsFrame{f[0], f[1], f[2], peerText("more")}, f[3]) }),
			"message 4 … offset 150 … server sent more"},
		"sends a message less": {changed(func(f []wsFrame) []wsFrame { return append(f[:2], f[3]) }),
			"closed early … 2 of 3 messages … Close 1000"},
		"sends messages in another order": {changed(func(f []wsFrame) []wsFrame { f[0], f[1] = f[1], f[0]; return f }),
			"message 1 of the echo"},
		"masks": {changed(func(f []wsFrame) []wsFrame { f[1] = ws.MaskFrame(f[1]); return f }),
			"protocol … 1 of 3 messages … server must not mask … RFC 6455, 5.1"},
		"claims a large message": {bytesThere(2, "\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x01"),
			"1048577 bytes … limit of 1048576"},
		"claims what nobody has": {bytesThere(2, "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
			"limit of 1048576"},
		"claims it in fragments": {bytesThere(0, "\x02\x01a\x80\x7f\x00\x00\x00\x00\x00\x10\x00\x00"),
			"1048577 bytes … limit of 1048576"},
		"sends text that is none": {bytesThere(0, "\x81\x02\xc3\x28"), "not UTF-8"},
		"pongs what nobody pinged": {pinging(func(f []wsFrame) []wsFrame {
			return append(f, peerPing("x"), ws.NewPongFrame([]byte("x")), ws.NewPongFrame(nil))
		}), ""},
		"closes with a bad code": {changed(func(f []wsFrame) []wsFrame { f[3] = peerClose(1006, ""); return f }),
			"code 1006"},
		"closes with another code": {changed(func(f []wsFrame) []wsFrame { f[3] = peerClose(1011, "oh"); return f }),
			`the answer to Close 1000 is another: websocket: the peer sent Close 1011 "oh"`},
		"closes without a code": {changed(func(f []wsFrame) []wsFrame { f[3] = peerClose(1005, ""); return f }), ""},
		"sends after its Close": {changed(func(f []wsFrame) []wsFrame { return append(f, peerText("late")) }),
			"sent more after its Close … RFC 6455, 5.5.1"},
		"does not close": {changed(func(f []wsFrame) []wsFrame { return f[:3] }),
			"server ended the stream without a Close … 1006 … RFC 6455, 7.1.5 … 3 of 3 messages"},
		"ends inside a frame": {bytesThere(4, "\x81\x05h"), "sent more after its Close"},
		"ends inside a message": {func(p *webPeer) { p.three(); p.Write([]byte("\x81\x05hel")) },
			"server ended the stream inside a message … 1006 … RFC 6455, 7.1.5 … 0 of 3 messages"},
		"sends nothing": {func(p *webPeer) { p.three() },
			"server ended the stream without a Close … 1006 … RFC 6455, 7.1.5 … 0 of 3 messages"},
		"answers in fragments": {pinging(func(f []wsFrame) []wsFrame {
			return []wsFrame{f[0], {Header: ws.Header{OpCode: ws.OpText}, Payload: f[1].Payload[:2]}, peerPing("mid"),
				{Header: ws.Header{OpCode: ws.OpContinuation}}, {Header: ws.Header{Fin: true}, Payload: f[1].Payload[2:]}, f[2]}
		}), ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := overWebSocket(client.Frames{}).Run(labtest.Bounded(t), upgraded(t, c.treat), of(three...))
			assert.Equal(t, 3, r.MessagesSent)
			assert.GreaterOrEqual(t, r.Writes, 3)
			if c.says == "" {
				require.NoError(t, err)
				assert.True(t, r.OK)
				assert.Equal(t, 3, r.MessagesReceived)
				return
			}
			require.Error(t, err)
			texttest.Mentions(t, err.Error(), c.says)
			assert.Equal(t, err.Error(), r.Error)
			assert.False(t, r.OK)
		})
	}
}

func TestACloseInTheMiddleIsAnsweredAndTold(t *testing.T) {
	for name, messages := range map[string]int{"little": 1, "much": 200} {
		t.Run(name, func(t *testing.T) {
			var answer []wsFrame
			gone := make(chan struct{})
			addr := upgraded(t, func(p *webPeer) {
				defer close(gone)
				p.next()
				p.send(peerClose(1001, "the server stops"))
				answer = p.untilClose()
				p.CloseWrite()
				p.goodbye()
			})
			r, err := overWebSocket(client.Frames{}).Run(labtest.Bounded(t), addr, repeat(messages, flood))
			<-gone
			require.ErrorContains(t, err, `the server closed early, after the echo of 0 of `)
			assert.ErrorContains(t, err, `Close 1001 "the server stops"`)
			assert.Equal(t, 1001, r.CloseReceived)
			require.NotEmpty(t, answer)
			last := answer[len(answer)-1]
			require.Equal(t, ws.OpClose, last.Header.OpCode, "a Close is answered")
			assert.True(t, last.Header.Masked || len(last.Payload) == 2)
			if messages > 1 {
				assert.Equal(t, websocket.ClosePayload(1001, ""), last.Payload)
			}
		})
	}
}

func TestWhatAWebSocketServerSaysBeforeItLeavesIsHeard(t *testing.T) {
	s := serve(t, &server.Server{Web: new(server.Web), MaxMessage: 1000})
	cl := overWebSocket(client.Frames{})
	cl.MaxMessage = 8 << 20
	for _, size := range []int{1001, 100_000} {
		_, says := failing(t, cl, s.addr, strings.Repeat("m", size))
		assert.Contains(t, says, "Close 1009")
		assert.Contains(t, says, "is over the limit of 1000")
	}
}

func TestAServerThatNeverAnswersTheCloseIsGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		answers int // frames of the echo
		says    string
	}{
		"only the messages": {3, "not answer Close 1000 … 50ms"},
		"one message":       {1, "no more … 50ms … 1 of 3 messages"},
		"nothing":           {0, "no more … 50ms … 0 of 3 messages"},
	} {
		t.Run(name, func(t *testing.T) {
			addr := upgraded(t, func(p *webPeer) {
				p.send(echoOf(p.three())[:c.answers]...)
				p.goodbye()
			})
			cl := overWebSocket(client.Frames{})
			cl.Timeout = impatient
			_, says := failing(t, cl, addr, three...)
			texttest.Mentions(t, says, c.says)
		})
	}
}

func TestAServerThatDoesNotEndTheStreamIsNotWaitedForLong(t *testing.T) {
	addr := upgraded(t, func(p *webPeer) {
		p.send(echoOf(p.three())...)
		p.goodbye() // until the client ends it
	})
	rec := new(labtest.Account)
	cl := overWebSocket(client.Frames{})
	cl.Timeout, cl.Recorder = impatient, rec
	r, err := cl.Run(labtest.Bounded(t), addr, of(three...))
	require.NoError(t, err)
	assert.True(t, r.OK)
	assert.Contains(t, rec.AwaitText(t, event.Wait), "the server has answered the Close, and did not end the stream within 50ms: we do")
}

func TestAWebSocketThatIsCutOffIsNamed(t *testing.T) {
	for _, messages := range []int{3, 500} {
		addr := upgraded(t, func(p *webPeer) {
			p.next()
			p.SetLinger(0)
		})
		_, err := overWebSocket(client.Frames{}).Run(labtest.Bounded(t), addr, repeat(messages, flood))
		require.Error(t, err)
		assert.Regexp(t, "the server (cut the connection off|ended the connection|ended the stream)", err.Error())
	}
}

func TestABrokenServerIsToldWhy(t *testing.T) {
	for name, c := range map[string]struct {
		send []byte
		code int
	}{
		"protocol": {[]byte("\x83\x00"), 1002},
		"text":     {[]byte("\x81\x01\xff"), 1007},
		"size":     {[]byte("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), 1009},
		"another":  {[]byte("\x81\x01x"), 1008},
	} {
		t.Run(name, func(t *testing.T) {
			last := make(chan wsFrame, 1)
			addr := upgraded(t, func(p *webPeer) {
				p.next()
				p.Write(c.send)
				frames := p.untilClose()
				if len(frames) > 0 {
					last <- frames[len(frames)-1]
				}
				close(last)
			})
			blocks, waits, release := waiting() // the input does not end: nobody has sent a Close yet
			_, err := overWebSocket(client.Frames{}).Run(labtest.Bounded(t), addr, then(repeat(1, flood), blocks))
			<-waits
			release()
			require.Error(t, err)
			f := <-last
			require.Equal(t, ws.OpClose, f.Header.OpCode)
			assert.Equal(t, websocket.ClosePayload(c.code, "")[:2], f.Payload[:2])
			assert.NotEmpty(t, f.Payload[2:], "with a reason")
		})
	}
}

func TestTheAccountHasTheBeginningOfACutFrame(t *testing.T) {
	s := webEcho(t, new(server.Web))
	rec := new(labtest.Account)
	cl := overWebSocket(client.Frames{})
	cl.ReadBuffer, cl.Recorder = 100, rec
	msg := string(labtest.Random(300))
	_, err := cl.Run(labtest.Bounded(t), s.addr, of(msg))
	require.NoError(t, err)
	frame := rec.All(event.Frame, event.ServerToClient)[0]
	assert.EqualValues(t, len(msg), frame.Payload)
	assert.Equal(t, msg[:128], string(frame.Bytes))
}

func TestWhatAServerSaidIsHeardAfterAResetToo(t *testing.T) {
	labtest.OnLinux(t) // elsewhere a reset empties the queue
	reset := make(chan struct{})
	addr := upgraded(t, func(p *webPeer) {
		defer close(reset)
		p.next()
		p.send(peerClose(4321, "because"))
		labtest.Await(t, func() bool {
			n, err := sock.Unacked(p.TCPConn)
			return n == 0 && err == nil
		}, "the Close to arrive")
		p.SetLinger(0)
		p.Close()
	})
	// Little, so that the Close is not read before a write has met the reset.
	input := then(of("hello"), paced(func(int) { <-reset }, strings.Split(strings.Repeat("hello ", 500), " ")...))
	_, err := overWebSocket(client.Frames{}).Run(labtest.Bounded(t), addr, input)
	require.ErrorContains(t, err, `the peer sent Close 4321 "because"`)
}
