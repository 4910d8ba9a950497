package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"echolab/internal/deflate"
	"echolab/internal/event"
	"echolab/internal/text"
	"echolab/internal/websocket"
)

// webSocketPath is where a server of the lab has its WebSocket echo.
const webSocketPath = "/ws"

// open does what the connection needs before messages can be sent.
func (x *exchange) open(addr string) error {
	if x.TLS != nil {
		if err := x.secure(addr); err != nil {
			return err
		}
	}
	if x.Frames == nil {
		return nil
	}
	x.in.until = time.Now().Add(x.Timeout) // for the whole answer, however slowly it comes
	err := x.upgrade(addr)
	x.in.until = time.Time{}
	return err
}

// upgrade asks for a WebSocket, and checks the answer byte by byte.
func (x *exchange) upgrade(addr string) error {
	key, offer := websocket.NewKey(), ""
	if x.Frames.Deflate {
		offer = deflate.Offer
	}
	request := websocket.Request(x.host(addr), webSocketPath, key, offer)
	if _, err := x.write(request); err != nil {
		return err
	}
	x.out.framed = int64(len(request))
	x.out.begun.Store(0) // the messages count
	x.tell(event.Event{Ev: event.Request, Dir: event.ClientToServer, Span: &event.Span{N: len(request)},
		Bytes: request, Text: "asks for a WebSocket"})

	head, off, err := x.readAnswer()
	if err != nil {
		return err
	}
	// A refusal is told at once. What it says for people is told if it comes with it.
	x.in.until = time.Now().Add(min(sayWait, x.Timeout))
	extensions, err := websocket.CheckResponse(head, x.in.r, key)
	text := websocket.Computed(key)
	if err != nil {
		text = "not the answer that was asked for"
	}
	x.tell(event.Event{Ev: event.Response, Dir: event.ServerToClient, Span: &event.Span{Off: off, N: len(head)},
		Bytes: head, Text: text})
	if err != nil {
		return err
	}
	return x.agree(extensions)
}

// sayWait is how long the text of a refusal may take after its head.
const sayWait = 500 * time.Millisecond

// readAnswer reads the head of the answer, and says where it begins: interim ones may come before it, and are passed over.
func (x *exchange) readAnswer() (head []byte, off int64, err error) {
	for {
		if head, err = websocket.ReadHead(x.in.r); err != nil {
			return nil, 0, x.noAnswer(head, err)
		}
		if !websocket.IsInterim(head) {
			return head, off, nil
		}
		x.tell(event.Event{Ev: event.Response, Dir: event.ServerToClient, Span: &event.Span{Off: off, N: len(head)},
			Bytes: head, Text: "interim, passed over: another one follows (RFC 9110, 15.2)"})
		if off += int64(len(head)); off > websocket.MaxResponse {
			return nil, 0, fmt.Errorf("the server sends interim answers and no other: %s of them came, over the limit of %s",
				text.Bytes(off), text.Number(websocket.MaxResponse))
		}
	}
}

// agree begins the WebSocket, with the extensions that the server has chosen.
func (x *exchange) agree(extensions []string) error {
	socket := &webSocket{Frames: *x.Frames}
	if !socket.Deflate && len(extensions) > 0 {
		return fmt.Errorf("the server chose the extension %q, and none was offered (RFC 6455, 4.1)",
			strings.Join(extensions, ", "))
	}
	agreed, ok, err := deflate.Agree(extensions)
	switch {
	case err != nil:
		return err
	case ok:
		socket.writer, socket.in.msg.Inflate = agreed.Client()
	case socket.Deflate:
		x.tell(event.Event{Ev: event.Wait,
			Text: "permessage-deflate was offered, and the server does not want it: nothing is compressed"})
	}
	socket.in.init(x.MaxMessage)
	x.ws = socket
	return nil
}

// noAnswer says what it means that no head of an HTTP answer came.
func (x *exchange) noAnswer(head []byte, err error) error {
	var other *websocket.NotHTTPError
	switch {
	case x.ctx.Err() != nil:
		return x.ctx.Err()
	case errors.As(err, &other) && bytes.HasPrefix(other.Head, []byte("G")):
		return hinted(HintRaw, "the server sends the request back: it echoes bytes and speaks no HTTP")
	case errors.As(err, &other) && x.TLS == nil && other.Head[0] == tlsAlert:
		return hinted(HintTLS, "the server speaks TLS")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return hinted(HintNoHTTP, "no answer to the WebSocket handshake came within %v, but %s", x.Timeout, text.Bytes(int64(len(head))))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), isReset(err):
		return hinted(HintNoHTTP, "the server ended the connection inside the WebSocket handshake, after %s of an answer (%w)",
			text.Bytes(int64(len(head))), err)
	}
	return err
}

// tlsAlert is the type of the record with which a TLS server turns down what is no TLS (RFC 8446 section 5.1).
const tlsAlert = 21

// host is what the Host header says: the host of the address, and the port of its connection unless it is the usual one
// (RFC 9110 section 7.2).
func (x *exchange) host(addr string) string {
	usual := 80
	if x.TLS != nil {
		usual = 443
	}
	host, port := nameOf(addr), x.tcp.RemoteAddr().(*net.TCPAddr).Port
	switch {
	case port != usual:
		return net.JoinHostPort(host, strconv.Itoa(port))
	case strings.Contains(host, ":"):
		return "[" + host + "]"
	}
	return host
}

// nameOf is the name of an address's host. Without one, the dialer has taken this machine.
func nameOf(addr string) string {
	host, _, _ := net.SplitHostPort(addr)
	host, _, _ = strings.Cut(host, "%") // a zone means nothing to the other side
	if host == "" {
		return "localhost"
	}
	return host
}
