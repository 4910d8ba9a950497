package client

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/sock"
	"echolab/internal/websocket"
)

// awaitEnd waits, after the Close handshake, for the server to end the stream: it is the side that does so first
// (RFC 6455 section 7.1.1). One that does not is not waited for long.
func (x *exchange) awaitEnd() error {
	if !x.ws.leaving.Load() {
		x.in.until = time.Now().Add(x.closeWait())
	}
	_, err := x.in.r.Peek(1)
	switch {
	case err == nil:
		x.in.wrong = true
		return errors.New("the server sent more after its Close (RFC 6455, 5.5.1)")
	case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF): // of TLS, which some servers do not end
		x.tell(event.Event{Ev: event.End, Text: "end of the stream: the server closes first"})
		return nil
	case x.ctx.Err() != nil:
		return x.ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		x.tell(event.Event{Ev: event.Wait, Text: fmt.Sprintf(
			"the server has answered the Close, and did not end the stream within %v: we do", x.closeWait())})
		return nil
	}
	return fmt.Errorf("the connection broke after the Close handshake: %w", err)
}

// isReset says whether the other side has left the connection.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// isClose says whether the server has said why it leaves. Then it does not matter what a write met after that.
func isClose(err error) bool { return errors.As(err, new(*framing.CloseError)) }

// silence keeps the sender from writing any more, and ends a write that waits.
func (x *exchange) silence() {
	x.ws.silent.Store(true)
	x.tcp.SetWriteDeadline(time.Unix(1, 0))
}

// leave is the end of the connection, before it is closed. If it ends for an error, the server is told, where it can
// be, and has some time to read that: a connection that is closed with unread input is reset, and a Close on its way
// might be lost.
func (x *exchange) leave(err error) {
	if x.ctx.Err() != nil {
		<-x.cut // or it would meet the deadlines that are set from here on
	}
	if err == nil {
		x.tellEnd()
		return
	}
	x.silence()
	x.unechoed.abandon()
	x.in.until = time.Now().Add(x.closeWait())
	if code, reason := x.lastCode(err); code == 0 || !x.sayClose(code, reason) {
		return
	}
	if x.ctx.Err() != nil {
		_ = x.receive() // the frames that are on their way, and the answer
		return
	}
	_ = x.tcp.CloseWrite()
	x.tcp.SetReadDeadline(x.in.until)
	_, _ = io.Copy(io.Discard, struct{ io.Reader }{x.tcp})
}

// lastCode is what a Close has to say of an error; 0 if there is nobody to tell, or nothing that was not said.
func (x *exchange) lastCode(err error) (code int, reason string) {
	var broken *framing.ProtocolError
	var closed *framing.CloseError
	switch {
	case x.ctx.Err() != nil:
		return websocket.CodeGoingAway, ""
	case errors.As(err, &closed):
		return closed.Code, "" // the answer
	case errors.As(err, &broken):
		return broken.Code, broken.Text
	case x.in.wrong && errors.Is(err, framing.ErrTooLarge):
		return websocket.CodeTooBig, err.Error()
	case x.in.wrong:
		return websocket.CodePolicy, err.Error()
	}
	return 0, ""
}

// sayClose sends a Close after what is pending, in the sender's place. It returns whether the server may have an answer
// to it.
func (x *exchange) sayClose(code int, reason string) bool {
	w := x.ws
	w.mu.Lock() // the sender is silenced, and does not keep it
	defer w.mu.Unlock()
	if w.closed.Load() != 0 && len(x.out.pending) == 0 {
		return false
	}
	w.leaving.Store(true)
	return x.writeClose(code, reason) == nil
}

// tellEnd tells how a WebSocket that went well is closed.
func (x *exchange) tellEnd() {
	text := "the client closes second"
	if state, err := sock.State(x.tcp); err == nil {
		text += "; state " + state
		if state == sock.StateCloseWait {
			text += ", and TIME-WAIT stays with the server"
		}
	}
	x.tell(event.Event{Ev: event.Close, Text: text})
}
