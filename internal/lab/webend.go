package lab

import (
	"encoding/hex"
	"fmt"
	"net"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/websocket"
)

// A webEnd is one end of a WebSocket connection, its handshake over. It writes whatever bytes it is told to, right or
// wrong, and reads frame by frame; what it reads is recorded. It must not be used concurrently, but one goroutine may
// read while another writes.
type webEnd struct {
	net.Conn // recorded
	side     event.Side
	rec      event.Recorder

	parser websocket.Parser
	buf    []byte
	rest   []byte // was read, and is to be parsed yet
	at     int64  // the offset of what is to be parsed next

	messages websocket.Assembler
	message  string // the last one that came whole
	from     int64  // the offset of the first frame of the one that is on its way
	out      int64  // the offset of what is to be written next
}

// newWebEnd returns an end that has read and written so many bytes of handshake.
func newWebEnd(conn net.Conn, side event.Side, rec event.Recorder, read, written int) *webEnd {
	e := &webEnd{Conn: conn, side: side, rec: rec, buf: make([]byte, 4096), at: int64(read), out: int64(written)}
	e.messages.Max = 1 << 20
	if side == event.Client {
		e.parser.Side = framing.ClientSide
	}
	return e
}

// labMask is the mask of all frames of the lab's clients, the one of RFC 6455's own examples: what an experiment shows
// should not change from run to run. A program must choose a fresh one for each frame (section 10.3).
var labMask = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// frame makes a frame as this end must: a client masks.
func (e *webEnd) frame(op ws.OpCode, fin bool, payload string) []byte {
	h := ws.Header{OpCode: op, Fin: fin, Masked: e.side == event.Client, Mask: labMask}
	return websocket.AppendFrame(nil, h, []byte(payload))
}

// closeFrame makes a Close frame.
func (e *webEnd) closeFrame(code int, reason string) []byte {
	return e.frame(ws.OpClose, true, string(websocket.ClosePayload(code, reason)))
}

// write writes all of b with one write.
func (e *webEnd) write(b []byte) error {
	e.out += int64(len(b))
	_, err := e.Write(b)
	return err
}

// writeMessage writes one message, whatever frames it is made of, with one write.
func (e *webEnd) writeMessage(frames []byte) error {
	e.note(e.out, len(frames))
	return e.write(frames)
}

// note records that n bytes, from an offset on, are one message of this end's.
func (e *webEnd) note(off int64, n int) {
	e.rec.Record(event.Event{Ev: event.Message, At: e.side, Conn: 1, Dir: e.side.Out(), Span: &event.Span{Off: off, N: n}})
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

// readOnce takes what one read brings.
func (e *webEnd) readOnce() error {
	n, err := e.Read(e.buf)
	e.rest = append(e.rest, e.buf[:n]...)
	return err
}

// next reads on until a frame has come whole.
func (e *webEnd) next() (f Frame, err error) {
	for from := e.at; ; {
		if len(e.rest) == 0 {
			if err := e.readOnce(); err != nil {
				return f, err
			}
		}
		piece, rest, err := e.parser.Next(e.rest)
		if err != nil {
			return f, err
		}
		e.at, e.rest = e.at+int64(len(e.rest)-len(rest)), rest
		if piece == nil {
			continue
		}
		f.Payload += string(piece.Payload)
		if !piece.OpCode.IsControl() {
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
			e.record(piece.Header, f, from)
			return f, nil
		}
	}
}

// record tells of a frame that came, and of the message that ends with it.
func (e *webEnd) record(h ws.Header, f Frame, from int64) {
	head := &event.FrameHeader{Opcode: f.Opcode, Fin: f.Fin, RSV: h.Rsv, Masked: h.Masked, Payload: h.Length}
	if h.Masked {
		head.Key = hex.EncodeToString(h.Mask[:])
	}
	e.rec.Record(event.Event{Ev: event.Frame, At: e.side, Conn: 1, Dir: e.side.In(), FrameHeader: head,
		Span: &event.Span{Off: from, N: int(e.at - from)}, Bytes: []byte(f.Payload)})
	if h.OpCode.IsControl() {
		return
	}
	if h.OpCode != ws.OpContinuation {
		e.from = from
	}
	if h.Fin {
		e.rec.Record(event.Event{Ev: event.Message, At: e.side, Conn: 1, Dir: e.side.In(),
			Span: &event.Span{Off: e.from, N: int(e.at - e.from)}})
	}
}

// nextMessage reads on until a message has come whole. It passes over control frames.
func (e *webEnd) nextMessage() (string, error) {
	for {
		f, err := e.next()
		if err != nil {
			return "", err
		}
		if f.Fin && !ws.OpCode(f.Opcode).IsControl() {
			return e.message, nil
		}
	}
}

// nextClose reads on until a Close has come, and returns what it says.
func (e *webEnd) nextClose() (*framing.CloseError, error) {
	for {
		f, err := e.next()
		if err != nil {
			return nil, err
		}
		if ws.OpCode(f.Opcode) != ws.OpClose {
			continue
		}
		closed, ok := framing.ParseClose([]byte(f.Payload)).(*framing.CloseError)
		if !ok {
			return nil, fmt.Errorf("not a Close as it should be: %q", f.Payload)
		}
		return closed, nil
	}
}
