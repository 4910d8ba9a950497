package client

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/text"
	"echolab/internal/websocket"
)

// A deframer is what the receiving goroutine has of a WebSocket: the message and the frame that are on their way.
type deframer struct {
	parser websocket.Parser
	msg    websocket.Assembler
	from   int64 // offset of the message's first frame

	frame   int64        // offset of the frame
	size    int          // of its header
	payload []byte       // of a control frame so far, or the preview of another
	pongs   atomic.Int64 // the number of the last Ping that was answered
	close   *framing.CloseError
}

// preview is how many bytes the account has of a message's frame that came in pieces.
const preview = 128

func (d *deframer) init(max int) {
	d.parser.Side, d.parser.Deflate = framing.ClientSide, d.msg.Inflate != nil
	d.msg.Max = max
}

// errAnswered ends the reading of frames: the server has answered the Close, or we need no answer.
var errAnswered = errors.New("the close handshake is done")

// receiveFrames reads frames until the server has closed, answers those that want an answer, and compares each message
// with what was sent.
func (x *exchange) receiveFrames() error {
	for {
		piece, err := x.nextPiece()
		if err == nil {
			err = x.takePiece(piece)
		}
		switch {
		case err == errAnswered:
			return x.awaitEnd()
		case errors.Is(err, os.ErrDeadlineExceeded) && x.NoEcho && x.ws.closed.Load() == 0 && x.ctx.Err() == nil:
			x.tellQuiet()
			x.sendClose(x.ws.closeCode())
			x.progressed() // its answer is owed
		case err != nil:
			return x.frameError(err)
		}
	}
}

// offset is the place in the stream of the next byte that was not taken.
func (x *exchange) offset() int64 { return x.in.bytes - int64(x.in.r.Buffered()) }

// nextPiece takes the next piece of a frame. It waits for one byte, and takes what has come with it.
func (x *exchange) nextPiece() (*websocket.Piece, error) {
	for {
		if _, err := x.in.r.Peek(1); err != nil {
			return nil, err
		}
		b, _ := x.in.r.Peek(x.in.r.Buffered())
		piece, rest, err := x.ws.in.parser.Next(b)
		_, _ = x.in.r.Discard(len(b) - len(rest)) // they are there
		if piece != nil || err != nil {
			return piece, err
		}
	}
}

// takePiece takes a piece into its frame, and the frame, once it is whole, for what it is.
func (x *exchange) takePiece(piece *websocket.Piece) error {
	d := &x.ws.in
	if len(piece.Payload) > 0 && !piece.OpCode.IsControl() || piece.OpCode == ws.OpClose {
		x.progressed()
	}
	if piece.First {
		d.frame, d.size = x.offset()-int64(len(piece.Payload))-int64(piece.Size), piece.Size
		d.payload = d.payload[:0]
	}
	control := piece.OpCode.IsControl()
	if !control {
		if piece.First && piece.OpCode != ws.OpContinuation {
			d.from = d.frame
		}
		if err := d.msg.Check(piece); err != nil {
			return err
		}
	}
	payload := piece.Payload
	if !piece.First || !piece.Last {
		if !control { // of which all is wanted: 125 bytes at most, which the parser sees to
			payload = payload[:min(len(payload), preview-len(d.payload))]
		}
		d.payload = append(d.payload, payload...)
		payload = d.payload
	}
	if piece.Last {
		x.tell(event.FrameEvent(event.ServerToClient, d.frame, d.size, piece.Header, payload))
	}
	switch {
	case !control:
		msg, whole, err := d.msg.Keep(piece)
		if err != nil || !whole {
			return err
		}
		return x.messageCame(msg)
	case piece.Last:
		return x.control(piece.OpCode, payload)
	}
	return nil
}

// messageCame holds a whole message against what is owed.
func (x *exchange) messageCame(msg []byte) error {
	d := &x.ws.in
	x.in.messages++
	x.progressed() // also with an empty one
	x.tell(event.Event{Ev: event.Message, Dir: event.ServerToClient, Bytes: msg,
		Span: &event.Span{Off: d.from, N: int(x.offset() - d.from)}})
	if x.ws.leaving.Load() {
		return nil
	}
	err := x.compare(msg)
	if text := d.msg.OpCode == ws.OpText; err == nil && !x.NoEcho && text != utf8.Valid(msg) {
		err = fmt.Errorf("it came as %s, and was sent as %s", kindOf(text), kindOf(!text))
	}
	if err != nil {
		return fmt.Errorf("message %d of the echo, at offset %s: %w", x.in.messages, text.Number(d.from), err)
	}
	x.closeIfDone()
	return nil
}

func kindOf(text bool) string {
	if text {
		return "text"
	}
	return "binary"
}

// control takes a whole control frame (RFC 6455 section 5.5).
func (x *exchange) control(op ws.OpCode, payload []byte) error {
	switch op {
	case ws.OpPing:
		x.ws.pong.set(payload)
		return x.sendPong()
	case ws.OpPong:
		x.pongCame(payload)
	case ws.OpClose:
		return x.closeCame(payload)
	}
	return nil
}

// pongCame holds a Pong against the Pings that are open. One answers those before it as well. A Pong that answers none is
// a sign of life, and needs no reason (section 5.5.3).
func (x *exchange) pongCame(payload []byte) {
	d := &x.ws.in
	number, err := strconv.ParseInt(strings.TrimPrefix(string(payload), "ping "), 10, 64)
	if err != nil || number <= d.pongs.Load() || number > x.ws.pings.Load() || string(payload) != string(pingPayload(number)) {
		return
	}
	d.pongs.Store(number)
	x.progressed()
	x.closeIfDone()
}

// openPing is the Ping that is not answered yet, if there is one.
func (w *webSocket) openPing() (payload []byte, open bool) {
	answered := w.in.pongs.Load()
	return pingPayload(answered + 1), answered < w.pings.Load()
}

// closeCame takes the server's Close. It is right as the answer to ours, after everything else.
func (x *exchange) closeCame(payload []byte) error {
	err := framing.ParseClose(payload)
	if !errors.As(err, &x.ws.in.close) {
		return err
	}
	sent := int(x.ws.closed.Load())
	code := x.ws.in.close.Code
	ping, open := x.ws.openPing()
	switch messages, _ := x.unechoed.left(); {
	case x.ws.leaving.Load():
		return errAnswered
	case x.NoEcho && sent == 0:
		x.sendClose(code)
		return errAnswered
	case x.NoEcho:
		return errAnswered
	case messages > 0 || !x.unechoed.ended():
		return fmt.Errorf("the server closed early, %s: %w", x.soFar(), err)
	case open:
		return fmt.Errorf("the server closed, and had not answered the Ping with %q: %w", ping, err)
	case sent == 0: // all was done, and the server was first
		return fmt.Errorf("the server closed before it was asked to, %s: %w", x.soFar(), err)
	case code != sent && code != framing.CodeNoStatus:
		return fmt.Errorf("the answer to Close %d is another: %w", sent, err)
	}
	return errAnswered
}

// soFar is how much of the echo has come.
func (x *exchange) soFar() string {
	sent := text.Count(int(x.out.messages.Load()), "message", "messages")
	return fmt.Sprintf("after the echo of %d of %s", x.in.messages, sent)
}

// frameError says what the end of the reading means. What is no end of the connection is something that was not sent.
func (x *exchange) frameError(err error) error {
	timeout := errors.Is(err, os.ErrDeadlineExceeded)
	messages, _ := x.unechoed.left()
	ping, open := x.ws.openPing()
	switch {
	case x.ctx.Err() != nil:
		return x.ctx.Err()
	case timeout && messages == 0 && open:
		return fmt.Errorf("the server did not answer the Ping with %q within %v", ping, x.Timeout)
	case timeout && messages == 0 && x.unechoed.ended():
		return fmt.Errorf("the server did not answer Close %d within %v", x.ws.closed.Load(), x.Timeout)
	case timeout:
		return fmt.Errorf("no more of the echo came within %v, %s", x.Timeout, x.soFar())
	case err == io.EOF && x.ws.in.parser.Between():
		x.tell(event.Event{Ev: event.End, Text: "end of the stream, without a Close"})
		return fmt.Errorf("the server ended the stream without a Close (1006; RFC 6455, 7.1.5), %s", x.soFar())
	case err == io.EOF:
		x.tell(event.Event{Ev: event.End, Text: "end of the stream, inside a message"})
		return fmt.Errorf("the server ended the stream inside a message (1006; RFC 6455, 7.1.5), %s: %w",
			x.soFar(), io.ErrUnexpectedEOF)
	case errors.Is(err, errStuck): // our Pong
		return fmt.Errorf("%w, %s", err, x.soFar())
	case isReset(err):
		return fmt.Errorf("the server cut the connection off, %s: %w", x.soFar(), err)
	}
	x.in.wrong = !isClose(err)
	if errors.Is(err, framing.ErrTooLarge) {
		return hinted(HintTooLarge, "the echo at offset %s is more than this client takes: %w", text.Number(x.ws.in.from), err)
	}
	if errors.As(err, new(*framing.ProtocolError)) {
		return fmt.Errorf("what the server sent breaks the protocol, %s: %w", x.soFar(), err)
	}
	return err
}
