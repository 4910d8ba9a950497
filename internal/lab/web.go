package lab

import (
	"context"
	"fmt"

	"github.com/gobwas/ws"

	"echolab/internal/event"
	"echolab/internal/websocket"
)

// newWebPair is a pair that has become a WebSocket, with both ends in the experiment's hands.
func newWebPair(ctx context.Context) *pair {
	p := newPair(ctx)
	key := p.client.ask()
	must(ws.Upgrade(p.server))
	p.server.upgraded(p.server.in().Size(), p.server.out().Size())
	p.client.answered(key)
	return p
}

// ask writes a client's request for a WebSocket.
func (e *end) ask() (key string) {
	key = websocket.NewKey()
	e.write(e.request(key))
	return key
}

// request is the request for a WebSocket with that key.
func (e *end) request(key string) []byte {
	return websocket.Request(e.RemoteAddr().String(), "/ws", key, "")
}

// answered reads the answer to it.
func (e *end) answered(key string) {
	head := must(websocket.ReadHead(e.r))
	must(websocket.CheckResponse(head, e.r, key))
	e.upgraded(int64(len(head)), e.out().Size())
}

// upgraded notes how many bytes of the streams are the handshake: what follows are frames, where the maps begin.
func (e *end) upgraded(in, out int64) {
	e.at = in
	e.record(event.Event{Ev: event.Upgrade, Dir: e.side.In(), Span: &event.Span{N: int(in)}})
	e.record(event.Event{Ev: event.Upgrade, Dir: e.side.Out(), Span: &event.Span{N: int(out)}})
}

// labMask is the mask of all frames of the lab's clients, the one of RFC 6455's own examples: what an experiment shows
// should not change from run to run. A program must choose a fresh one for each frame (section 10.3).
var labMask = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// frame makes a frame as this end must: a client masks.
func (e *end) frame(op ws.OpCode, fin bool, payload string) []byte {
	f := ws.NewFrame(op, fin, []byte(payload))
	if e.side == event.Client {
		f = ws.MaskFrameWith(f, labMask)
	}
	return must(ws.CompileFrame(f))
}

// text makes a message in one frame.
func (e *end) text(msg string) []byte { return e.frame(ws.OpText, true, msg) }

// closeFrame makes a Close frame, also with a code that may not be sent.
func (e *end) closeFrame(code int) []byte {
	return e.frame(ws.OpClose, true, string(ws.NewCloseFrameBody(ws.StatusCode(code), "")))
}

// A Frame is a WebSocket frame as an experiment saw it.
type Frame struct {
	Opcode  byte   `json:"opcode"`
	Fin     bool   `json:"fin"`
	Payload string `json:"payload"` // unmasked
}

// String is the frame in one phrase: "text without FIN "hello"".
func (f Frame) String() string {
	names := map[ws.OpCode]string{ws.OpContinuation: "continuation", ws.OpText: "text", ws.OpBinary: "binary",
		ws.OpClose: "Close", ws.OpPing: "Ping", ws.OpPong: "Pong"}
	fin := "with FIN"
	if !f.Fin {
		fin = "without FIN"
	}
	return fmt.Sprintf("%s %s %q", names[ws.OpCode(f.Opcode)], fin, f.Payload)
}

// endsMessage says whether a message has come whole with this frame.
func (f Frame) endsMessage() bool { return f.Fin && !ws.OpCode(f.Opcode).IsControl() }

// next reads on until a frame has come whole, and records it. Its error may be what an experiment measures: it is returned.
func (e *end) next() (f Frame, err error) {
	for from := e.at; ; {
		if _, err := e.r.Peek(1); err != nil {
			return f, err
		}
		b := must(e.r.Peek(e.r.Buffered()))
		piece, rest, err := e.parser.Next(b)
		if err != nil {
			return f, err
		}
		e.at += int64(must(e.r.Discard(len(b) - len(rest)))) // the piece stays valid until the next read
		if piece == nil {
			continue
		}
		f.Payload += string(piece.Payload)
		if !piece.OpCode.IsControl() {
			if piece.First && piece.OpCode != ws.OpContinuation {
				e.from = from
			}
			msg, whole, err := e.messages.Take(piece)
			if err != nil {
				return f, err
			}
			if whole {
				e.message = string(msg)
			}
		}
		if piece.Last {
			f.Opcode, f.Fin = byte(piece.OpCode), piece.Fin
			e.record(event.FrameEvent(e.side.In(), from, piece.Size, piece.Header, []byte(f.Payload)))
			if f.endsMessage() {
				e.record(event.Event{Ev: event.Message, Dir: e.side.In(), Span: &event.Span{Off: e.from, N: int(e.at - e.from)}})
			}
			return f, nil
		}
	}
}

// nextMessage reads on until a message has come whole. It passes over control frames.
func (e *end) nextMessage() string {
	for {
		if f := must(e.next()); f.endsMessage() {
			return e.message
		}
	}
}

// nextClose reads on until a Close has come, and returns what it says.
func (e *end) nextClose() (code int, reason string) {
	for {
		if f := must(e.next()); ws.OpCode(f.Opcode) == ws.OpClose {
			code, reason := ws.ParseCloseFrameData([]byte(f.Payload))
			return int(code), reason
		}
	}
}

// untilClose returns the messages in front of a Close, or of an error.
func (e *end) untilClose() (got []string, err error) {
	for {
		f, err := e.next()
		switch {
		case err != nil:
			return got, err
		case ws.OpCode(f.Opcode) == ws.OpClose:
			return got, nil
		case f.endsMessage():
			got = append(got, e.message)
		}
	}
}
