package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/sock"
	"echolab/internal/text"
)

// receiver is the receiving goroutine's part of an exchange.
type receiver struct {
	messages int
	bytes    int64
	wrong    bool // something came that was not sent
	foreign  bool // what came is no echo: the sender's messages do not lie in it

	r     *bufio.Reader // the stream, read by everybody who reads it
	until time.Time     // if it is set, no read waits for longer
	last  int64         // once the server is overdue: how many bytes of those that had come by then make a last look; or 0
}

// receive reads messages until the stream ends, and compares each with what was sent.
func (x *exchange) receive() error {
	if x.ws != nil {
		return x.receiveFrames()
	}
	r := x.in.r
	limit := x.MaxMessage
	if x.raw() {
		limit = x.ReadBuffer // one read is one message
	}
	for {
		start := x.in.bytes - int64(r.Buffered())
		msg, err := x.Codec.Read(r, limit)
		if err == io.EOF {
			return x.atEnd()
		}
		if err != nil {
			return x.receiveError(err, start)
		}
		x.in.messages++
		end := x.in.bytes - int64(r.Buffered())
		x.tell(event.Event{Ev: event.Message, Dir: event.ServerToClient, Span: &event.Span{Off: start, N: int(end - start)}, Bytes: msg})
		if err := x.compare(msg); err != nil {
			x.in.wrong, x.in.foreign = true, true
			err = fmt.Errorf("message %d of the echo, at offset %s: %w", x.in.messages, text.Number(start), err)
			return httpAnswer(err, start, msg)
		}
	}
}

// compare holds a received message against the one that was sent; raw bytes are held against the bytes that are next,
// because raw keeps no messages.
func (x *exchange) compare(msg []byte) error {
	if x.NoEcho {
		return nil
	}
	if x.raw() {
		return x.unechoed.takeBytes(msg)
	}
	return x.unechoed.takeMessage(msg)
}

// atEnd is the stream's end between two messages: right if everything was echoed.
func (x *exchange) atEnd() error {
	x.tell(event.Event{Ev: event.End, Text: "end of the stream: the server has closed its side"})
	messages, size := x.unechoed.left()
	switch {
	case messages > 0 || size > 0:
		return hinted(HintCodec, "the server ended the stream after %s of echo, of %s sent: its account says why",
			text.Bytes(x.in.bytes), text.Bytes(x.out.bytes.Load()))
	case !x.unechoed.ended() && !x.NoEcho:
		return fmt.Errorf("the server ended the stream after %s of echo, before there was an end of the input: "+
			"its account says why", text.Bytes(x.in.bytes))
	}
	return nil
}

func (x *exchange) receiveError(err error, offset int64) error {
	switch {
	case x.ctx.Err() != nil:
		return x.ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded) && x.NoEcho && offset == x.in.bytes:
		x.tellQuiet()
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return hinted(HintCodec, "no more of the echo came within %v, after %s", x.Timeout, text.Bytes(x.in.bytes))
	}
	if errors.Is(err, framing.ErrTooLarge) {
		x.in.foreign = true
		err = hinted(HintTooLarge, "the echo at offset %s is more than this client takes: %w", text.Number(offset), err)
	} else {
		x.in.foreign = true
		err = hinted(HintCodec, "the echo at offset %s: %w", text.Number(offset), err)
	}
	ahead, _ := x.in.r.Peek(x.in.r.Buffered())
	return httpAnswer(err, offset, ahead)
}

// tellQuiet tells that a server which does not echo has sent nothing for a while.
func (x *exchange) tellQuiet() {
	x.tell(event.Event{Ev: event.Wait, Text: fmt.Sprintf("nothing more came for %v: the client ends", x.Timeout)})
}

// httpAnswer adds to err what is the matter when the echo, from that offset on, is an answer of HTTP.
func httpAnswer(err error, offset int64, echo []byte) error {
	line, _, _ := strings.Cut(string(echo[:min(len(echo), 80)]), "\r\n")
	if offset > 0 || !strings.HasPrefix(line, "HTTP/1.") {
		return err
	}
	return hinted(HintWebSocket, "%w; the server answered %q: it speaks HTTP here", err, line)
}

// inlet is the stream below the codec: reads of the size that was asked for, each with a deadline.
type inlet struct{ x *exchange }

func (in inlet) Read(p []byte) (int, error) {
	x := in.x
	for {
		due := x.unechoed.due()
		if err := x.armRead(due); err != nil {
			return 0, err
		}
		n, err := x.conn.Read(p[:min(len(p), x.ReadBuffer)])
		if errors.Is(err, os.ErrDeadlineExceeded) && x.in.until.IsZero() && !(due && x.unechoed.due()) {
			continue // the sender waits for its input, or did until just now, and so do we
		}
		x.in.bytes += int64(n)
		if n > 0 && (x.ws == nil || x.NoEcho) {
			x.progressed() // whatever comes is echo
		}
		if x.Progress != nil {
			x.Progress(x.in.bytes)
		}
		return n, err
	}
}

// progressed notes that the server did something of what it owes, or that it owes something from now on.
func (x *exchange) progressed() { x.moved.Store(time.Now().UnixNano()) }

// overdue is how long the server may still be without progress; it is negative if it was for too long.
func (x *exchange) overdue() time.Duration {
	return time.Until(time.Unix(0, x.moved.Load()).Add(x.Timeout))
}

// lastLook is how long the last of what had come in time may take to be read.
const lastLook = time.Second

// armRead gives the server time to send something. What has come by the time that it is overdue is looked at still: it may
// be we who were late.
func (x *exchange) armRead(due bool) error {
	deadline := x.in.until
	switch left := x.overdue(); {
	case !deadline.IsZero():
	case !due:
		deadline = time.Now().Add(x.Timeout)
	case left > 0:
		deadline, x.in.last = time.Now().Add(left), 0
	default:
		if x.in.last == 0 {
			there, _ := sock.Unread(x.tcp) // none where that is not known
			x.in.last = x.in.bytes + int64(there)
		}
		if x.in.bytes >= x.in.last {
			return os.ErrDeadlineExceeded
		}
		deadline = time.Now().Add(lastLook)
	}
	x.tcp.SetReadDeadline(deadline)
	if x.ws != nil && x.ws.leaving.Load() {
		return nil // it is bounded, and the last that happens
	}
	return x.ctx.Err() // asked after the deadline was set, which the end of ctx may have set before
}
