package client_test

import (
	"io"
	"strings"
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
	"echolab/internal/text/texttest"
	"echolab/internal/websocket"
)

func TestABadHandshakeIsRefused(t *testing.T) {
	const start = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	good := func(p *webPeer) string { return start + "Sec-WebSocket-Accept: " + websocket.Accept(p.key) + "\r\n" }
	cases := map[string]struct {
		answer func(p *webPeer) string
		says   string
	}{
		"a wrong accept": {func(*webPeer) string { return start + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n" },
			`Sec-WebSocket-Accept … "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" … key "`},
		"200": {func(*webPeer) string {
			return "HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\nthis is no WebSocket.\nx"
		}, `the server answered "HTTP/1.1 200 OK" and not 101: "this is no WebSocket."`},
		"400, until the end": {func(*webPeer) string {
			return "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nit is too late\r\n"
		},
			`the server answered "HTTP/1.1 400 Bad Request" and not 101: "it is too late"`},
		"a head without end": {func(*webPeer) string { return "HTTP/1.1 101 ok\r\nX: " + strings.Repeat("x", 20<<10) },
			"over 16384 bytes"},
		"half a head": {func(p *webPeer) string { return good(p)[:40] },
			"inside the WebSocket handshake … 40 bytes … unexpected EOF"},
		"nothing": {func(*webPeer) string { return "" },
			"inside the WebSocket handshake … 0 bytes … EOF"},
		"a redirect": {func(*webPeer) string {
			return "HTTP/1.1 307 Temporary Redirect\nLocation: wss://elsewhere.example/" + strings.Repeat("x", 9000) + "\n\n"
		}, `the server answered "HTTP/1.1 307 Temporary Redirect" and not 101, and sends to "wss://elsewhere.example/xxx`},
		"a header that a terminal would obey": {func(*webPeer) string {
			return "HTTP/1.1 101 ok\r\nno colon \x1b[31m\u202e" + strings.Repeat("y", 9000) + "\r\n\r\n"
		}, "the server's answer: … no colon"},
		"interim answers without end": {func(*webPeer) string { return strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 1000) },
			"interim answers and no other: 16,389 bytes"},
		"half an interim answer": {func(*webPeer) string { return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 10" },
			"inside the WebSocket handshake … 11 bytes … unexpected EOF"},
		"no HTTP": {func(*webPeer) string { return "SSH-2.0-OpenSSH_9.6\r\n" },
			`the server's answer is not HTTP: it begins with "S"`},
		"a TLS alert": {func(*webPeer) string { return "\x15\x03\x01\x00\x02\x02\x16" },
			"the server speaks TLS"},
		"an extension": {func(p *webPeer) string { return good(p) + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" },
			`the server chose the extension "permessage-deflate", and none was offered`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			addr := webFake(t, func(p *webPeer) {
				io.WriteString(p, c.answer(p))
				p.CloseWrite()
				p.goodbye()
			})
			r, says := failing(t, overWebSocket(client.Frames{}), addr, three...)
			texttest.Mentions(t, says, c.says)
			assert.LessOrEqual(t, len(says), 400)
			assert.NotContains(t, says, "\x1b")
			assert.NotContains(t, says, "\u202e")
			assert.Zero(t, r.MessagesSent)
			assert.Zero(t, r.BytesSent, "no frame goes to who is no WebSocket server")
			assert.Nil(t, r.FramesResult)
		})
	}
}

func TestAnAnswerThatIsNotWhatWasOfferedIsRefused(t *testing.T) {
	for _, extension := range []string{"permessage-deflate; unknown", "other", "permessage-deflate, permessage-deflate"} {
		addr := webFake(t, func(p *webPeer) {
			p.Write(websocket.Response(p.key, extension))
			p.goodbye()
		})
		_, says := failing(t, overWebSocket(client.Frames{Deflate: true}), addr, three...)
		assert.Contains(t, says, "the server")
	}
}

func TestAServerThatAnswersTheHandshakeSlowlyIsGivenUp(t *testing.T) {
	addr := webFake(t, func(p *webPeer) {
		pace := time.NewTicker(impatient / 10)
		defer pace.Stop()
		io.WriteString(p, "HTTP/1.1 101 ok\r\nX: ")
		for {
			<-pace.C
			if _, err := io.WriteString(p, "x"); err != nil {
				return
			}
		}
	})
	cl := overWebSocket(client.Frames{})
	cl.Timeout = impatient
	_, says := failing(t, cl, addr, three...)
	assert.Contains(t, says, "no answer to the WebSocket handshake came within 50ms, but ")
}

func TestAWebSocketToWhoSpeaksNone(t *testing.T) {
	for _, c := range []struct {
		name string
		srv  *server.Server
		hint client.Hint
		says string
	}{
		{"raw bytes", new(server.Server), client.HintRaw, "sends the request back"},
		{"lines", &server.Server{Codec: framing.Lines{}}, client.HintRaw, "sends the request back"},
		{"lengths", &server.Server{Codec: framing.LengthPrefix{}}, client.HintNoHTTP, "inside the WebSocket handshake"},
		{"only raw", &server.Server{Web: &server.Web{Only: server.Raw}}, client.HintRaw, "sends the request back"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, c.srv)
			_, says := failingFor(t, c.hint, overWebSocket(client.Frames{}), s.addr, three...)
			texttest.Mentions(t, says, c.says)
		})
	}
}

func TestRawBytesToWhoSpeaksHTTP(t *testing.T) {
	labtest.OnLinux(t)
	s := webEcho(t, &server.Web{Only: server.HTTP})
	for _, codec := range []framing.Codec{framing.Raw{}, framing.Lines{}, framing.LengthPrefix{}} {
		_, says := failingFor(t, client.HintWebSocket, client.Client{Codec: codec, Timeout: labtest.Watchdog}, s.addr, "hello world\n\n"[:11], "this is no request")
		assert.Contains(t, says, `the server answered "HTTP/1.1 400 Bad Request": it speaks HTTP here`, "%v", codec)
	}
}

// TestInterimAnswersArePassedOver: RFC 9110 section 15.2.
func TestInterimAnswersArePassedOver(t *testing.T) {
	const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\nLink: </a>\n\n"
	addr := webFake(t, func(p *webPeer) {
		p.Write(append([]byte(interim), websocket.Response(p.key, "")...))
		p.echo()
	})
	rec := new(labtest.Account)
	cl := overWebSocket(client.Frames{})
	cl.Recorder = rec
	r, err := cl.Run(labtest.Bounded(t), addr, of(three...))
	require.NoError(t, err)
	told := rec.All(event.Response)
	require.Len(t, told, 3)
	assert.Contains(t, told[0].Text, "interim")
	assert.Equal(t, int64(len(interim)), told[2].Off)
	assert.Equal(t, told[2].Off+int64(told[2].N), r.Echoed.Start, "the map begins after the last of them")
}

func TestFramesAfterThe101AreNotLost(t *testing.T) {
	for name, cut := range map[string]int{"whole": 0, "cut inside": 3, "all but a byte": 1} {
		for _, buffer := range []int{1, 7, 64 << 10} {
			t.Run(name, func(t *testing.T) {
				addr := webFake(t, func(p *webPeer) {
					ping := framesOf(peerPing("first"))
					early, late := ping[:len(ping)-cut], ping[len(ping)-cut:]
					p.Write(append(websocket.Response(p.key, ""), early...))
					first, _ := p.next() // the client is at its messages by now
					if first.Header.OpCode == ws.OpPong {
						first, _ = p.next()
					}
					p.Write(late)
					p.send(echoOf([]wsFrame{first})...)
					p.echo()
				})
				rec := new(labtest.Account)
				cl := overWebSocket(client.Frames{})
				cl.ReadBuffer, cl.Recorder = buffer, rec
				r, err := cl.Run(labtest.Bounded(t), addr, of(three...))
				require.NoError(t, err)
				assert.Equal(t, 5, r.FramesReceived)
				frames := rec.All(event.Frame, event.ServerToClient)
				response := rec.All(event.Response)[0]
				assert.Equal(t, "first", string(frames[0].Bytes))
				assert.Equal(t, int64(response.N), frames[0].Off)
			})
		}
	}
}
