package client_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/require"

	"echolab/internal/client"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/websocket"
)

// A webPeer is the server's end of a WebSocket, as a test wants it to behave.
type webPeer struct {
	*net.TCPConn
	r       *bufio.Reader
	request *http.Request
	key     string
}

// webFake is a server that reads the handshake of its one client, and leaves the rest to the test.
func webFake(t *testing.T, treat func(p *webPeer)) (addr string) {
	return fake(t, func(c *net.TCPConn) {
		p := &webPeer{TCPConn: c, r: bufio.NewReader(c)}
		var err error
		if p.request, err = http.ReadRequest(p.r); err != nil {
			return // the client says what it thinks of that
		}
		p.key = p.request.Header.Get("Sec-Websocket-Key")
		treat(p)
	})
}

// upgraded is a server that accepts the handshake, and leaves the rest to the test.
func upgraded(t *testing.T, treat func(p *webPeer)) (addr string) {
	return webFake(t, func(p *webPeer) {
		p.Write(websocket.Response(p.key, ""))
		treat(p)
	})
}

// next reads a frame, and unmasks it.
func (p *webPeer) next() (wsFrame, error) {
	h, err := ws.ReadHeader(p.r)
	if err != nil || h.Length > 16<<20 {
		return wsFrame{}, errors.Join(err, io.ErrShortBuffer)
	}
	f := wsFrame{Header: h, Payload: make([]byte, h.Length)}
	if _, err := io.ReadFull(p.r, f.Payload); err != nil {
		return wsFrame{}, err
	}
	return ws.UnmaskFrame(f), nil
}

// untilClose reads the client's frames, its Close the last of them.
func (p *webPeer) untilClose() (frames []wsFrame) {
	for {
		f, err := p.next()
		if err != nil {
			return frames
		}
		frames = append(frames, f)
		if f.Header.OpCode == ws.OpClose {
			return frames
		}
	}
}

// three reads the client's frames up to its third message. The Close that it sends when it has the echo is the last of
// what is returned, so that whoever answers these answers that too.
func (p *webPeer) three() (frames []wsFrame) {
	for messages := 0; messages < 3; {
		f, err := p.next()
		if err != nil {
			return frames
		}
		frames = append(frames, f)
		if f.Header.Fin && !f.Header.OpCode.IsControl() {
			messages++
		}
	}
	return append(frames, peerClose(1000, ""))
}

// echo answers every frame that wants an answer, the Close as the last.
func (p *webPeer) echo() {
	for {
		f, err := p.next()
		if err != nil {
			return
		}
		if f.Header.OpCode == ws.OpPong {
			continue
		}
		if p.send(echoOf([]wsFrame{f})...); f.Header.OpCode == ws.OpClose {
			return
		}
	}
}

// send writes frames with one write, each as its header says.
func (p *webPeer) send(frames ...wsFrame) {
	p.Write(framesOf(frames...))
}

func framesOf(frames ...wsFrame) (b []byte) {
	for _, f := range frames {
		b = websocket.AppendFrame(b, f.Header, f.Payload)
	}
	return b
}

// echoOf is what a good server sends for the frames of a client.
func echoOf(frames []wsFrame) []wsFrame {
	var answers []wsFrame
	for _, f := range frames {
		f.Header.Masked = false
		if f.Header.OpCode == ws.OpPing {
			f.Header.OpCode = ws.OpPong
		}
		answers = append(answers, f)
	}
	return answers
}

func peerText(s string) wsFrame { return ws.NewTextFrame([]byte(s)) }

func peerClose(code int, reason string) wsFrame {
	return ws.NewCloseFrame(websocket.ClosePayload(code, reason))
}

// goodbye reads what the client still has to say, to its end.
func (p *webPeer) goodbye() []byte {
	b, _ := io.ReadAll(p.r)
	return b
}

// webEcho is an echo server of the lab.
func webEcho(t *testing.T, web *server.Web) *served {
	t.Helper()
	return serve(t, &server.Server{Web: web})
}

// overWebSocket is a client that speaks WebSocket.
func overWebSocket(f client.Frames) client.Client {
	return client.Client{Frames: &f, Timeout: labtest.Watchdog}
}

// failing runs a client that must fail, and returns its error's text.
func failing(t *testing.T, cl client.Client, addr string, messages ...string) (client.Result, string) {
	t.Helper()
	r, _ := failingFor(t, 0, cl, addr, messages...)
	return r, r.Error
}

// failingFor is failing, and looks at the error's Hint unless that is 0.
func failingFor(t *testing.T, want client.Hint, cl client.Client, addr string, messages ...string) (client.Result, string) {
	t.Helper()
	r, err := cl.Run(labtest.Bounded(t), addr, of(messages...))
	require.Error(t, err)
	require.Equal(t, err.Error(), r.Error)
	require.False(t, r.OK)
	if want != 0 {
		require.Equal(t, want, hint(err), r.Error)
	}
	return r, r.Error
}

type wsFrame = ws.Frame

func peerPing(s string) wsFrame { return ws.NewPingFrame([]byte(s)) }
