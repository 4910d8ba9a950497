package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/websocket"
)

// A session is the WebSocket part of a connection's life. All that it sends, it sends from the connection's own
// goroutine: nothing can come between the bytes of a frame, and no lock is needed.
type session struct {
	*conn
	*work // nil while nothing is there to do
	in    input

	socket  *Socket  // nil for the echo
	packing *packing // nil without permessage-deflate

	leaveBy   time.Duration // the server closes: when the client must have ended what it began, since epoch; else 0
	closeSent bool          // the one Close (section 5.5.1)
	pinged    bool          // a Ping was sent, and nothing came since
}

// newSession sends the 101 and answers what came after the request. The session begins with the error of that.
func (c *conn) newSession(in input, up *upgrade) (*session, error) {
	s := &session{conn: c, in: in}
	if up.deflate != nil {
		s.packing = new(packing)
		s.packing.Writer, s.packing.Reader = up.deflate.Server()
	}
	if c.srv.Recorder != nil {
		c.recordResponse(up)
	}
	c.lingers, c.gathers = true, true
	c.await(s.quietTime())
	c.webSocket.Store(true)
	c.arm() // net/http has left no deadline
	if err := c.send(up.response); err != nil {
		return s, err
	}
	if err := s.mount(up); err != nil {
		s.begin(nil)
		s.refuse(err)
		_ = s.flush()
		s.rest(err)
		return s, err
	}
	return s, s.answer(up.pending)
}

// recordResponse tells of the 101 that is about to be sent. Like recordOut, it is apart for the stack that an event takes.
//
//go:noinline
func (c *conn) recordResponse(up *upgrade) {
	c.record(event.Event{Ev: event.Response, Dir: event.ServerToClient,
		Span: &event.Span{Off: c.bytesOut, N: len(up.response)}, Bytes: up.response, Text: websocket.Computed(up.key)})
}

// live runs the session to its end.
func (s *session) live(err error) {
	if err == nil {
		err = s.run()
	}
	if s.socket != nil {
		s.socket.end()
	}
	s.srv.finish(s.conn, err)
}

// quietTime is how long the client may be silent before something must be done about it.
func (s *session) quietTime() time.Duration {
	idle := orDefault(s.srv.IdleTimeout, DefaultIdleTimeout)
	if ping := s.srv.ping(); ping > 0 {
		return min(ping, idle)
	}
	return idle
}

// run reads, and answers what each read brings with one write.
func (s *session) run() (err error) {
	defer caught(&err)
	for woken, sent := false, false; ; {
		switch {
		case s.leaveBy > 0:
			s.raw.SetReadDeadline(epoch.Add(s.leaveBy)) // each time: it may have been set since
		case woken:
			s.resume()
		default:
			s.arm()
		}
		// Asked after the deadline was set: Send may have set one that was just overwritten.
		if pending := s.socket != nil && s.socket.pending.Load(); pending && !sent {
			if err := s.answer(nil); err != nil {
				return err
			}
			woken, sent = true, true
			continue
		} else if pending && s.leaveBy == 0 && !s.srv.closing.Load() {
			s.glance() // again: a program that sends without end must not keep its client from being heard
		}
		b, err := s.in.next()
		woken, sent = false, false
		switch {
		case err == nil:
			s.received(len(b))
			s.heard()
			err = s.answer(b)
		case err == io.EOF:
			return s.ended()
		case errors.Is(err, os.ErrDeadlineExceeded):
			if woken = s.woken(); woken {
				continue
			}
			err = s.overdue()
		}
		if err != nil {
			return err
		}
	}
}

// glance makes the next read a short look. It is no part of run, whose stack stays with every idle connection.
//
//go:noinline
func (s *session) glance() { s.raw.SetReadDeadline(time.Now().Add(time.Millisecond)) }

// answer takes what came and sends what is owed for it.
func (s *session) answer(b []byte) error {
	s.begin(b)
	err := s.takeSafely(b)
	if err == nil {
		err = s.sendQueued()
	}
	if s.leaveBy > 0 && err == nil {
		err = s.leave()
	}
	if err != nil && err != endClosed {
		s.refuse(err)
	}
	if ferr := s.flush(); err == nil {
		err = ferr
	}
	s.rest(err)
	return err
}

// takeSafely is take, which may panic: the client is told, and nobody else notices.
func (s *session) takeSafely(b []byte) (err error) {
	defer caught(&err)
	return s.take(b)
}

// take takes the bytes frame by frame.
func (s *session) take(b []byte) (err error) {
	for {
		if b, err = s.echoUsual(b); err != nil || len(b) == 0 {
			return err
		}
		piece, rest, err := s.parser.Next(b)
		if err != nil {
			return err
		}
		n := len(b) - len(rest)
		s.at, s.taken = s.at+int64(n), s.taken+n
		if b = rest; piece == nil {
			return nil
		}
		if s.srv.Recorder != nil {
			s.recordPiece(piece)
		}
		if piece.OpCode.IsControl() {
			err = s.control(piece)
		} else if !s.closeSent {
			err = s.data(piece)
		}
		if err != nil {
			return err
		}
	}
}

// control answers Ping and Close (RFC 6455 section 5.5).
func (s *session) control(piece *websocket.Piece) error {
	payload := piece.Payload
	if !piece.First || !piece.Last {
		s.ctl = append(s.ctl, payload...) // 125 bytes at most
		payload = s.ctl
	}
	if !piece.Last {
		return nil
	}
	s.ctl = nil
	switch piece.OpCode {
	case ws.OpPing:
		if !s.closeSent {
			return s.frame(ws.Header{Fin: true, OpCode: ws.OpPong}, payload)
		}
	case ws.OpClose:
		return s.answerClose(payload)
	}
	return nil
}

// answerClose answers a Close with a Close of the same code, unless it is an answer itself (section 5.5.1).
func (s *session) answerClose(payload []byte) error {
	err := framing.ParseClose(payload)
	var closed *framing.CloseError
	if !errors.As(err, &closed) {
		return err
	}
	if s.closeSent {
		s.away = true
		return endClosed
	}
	if err := s.sendQueued(); err != nil {
		return err
	}
	if err := s.sendClose(closed.Code, ""); err != nil {
		return err
	}
	return endClosed
}

func (s *session) sendClose(code int, reason string) error {
	s.closeSent = true
	return s.frame(ws.Header{Fin: true, OpCode: ws.OpClose}, websocket.ClosePayload(code, reason))
}

// refuse sends the Close that says what was wrong, if a Close can still be sent (section 7.1.7), after what a program had
// to say before.
func (s *session) refuse(err error) {
	if s.closeSent || s.mid {
		return
	}
	code := websocket.CodeInternal
	var broken *framing.ProtocolError
	switch {
	case errors.As(err, &broken) && sendable(broken.Code, broken.Text) == nil:
		code, err = broken.Code, errors.New(broken.Text)
	case errors.Is(err, framing.ErrTooLarge):
		code = websocket.CodeTooBig
	case errors.As(err, new(*net.OpError)), errors.Is(err, os.ErrDeadlineExceeded):
		return // there is nobody to tell
	default:
		err = errors.New("the server failed") // what of is its own business
	}
	if s.sendQueued() == nil {
		_ = s.sendClose(code, err.Error())
	}
}

// heard notes that the client lives.
func (s *session) heard() {
	if s.pinged {
		s.pinged = false
		s.await(s.quietTime())
	}
}

// overdue decides what a silence means.
func (s *session) overdue() error {
	ping := s.srv.ping()
	switch {
	case s.stuck:
		return s.conn.overdue()
	case s.leaveBy > time.Since(epoch):
		return nil // that was the deadline of Shutdown, which came late: run sets the right one
	case s.closeSent:
		return fmt.Errorf("the client did not answer Close %d within %v: closed", websocket.CodeGoingAway, closeWait)
	case s.leaveBy > 0:
		return fmt.Errorf("the client did not end its message within %v: closed", closeWait)
	case s.srv.closing.Load():
		s.leaveBy = time.Since(epoch) + closeWait
		return s.answer(nil)
	case s.pinged:
		return s.giveUp(websocket.CodeInternal, &LimitError{LimitPong,
			fmt.Sprintf("nothing came for %v after a Ping: dead", s.wait)})
	case ping > 0 && s.wait == ping:
		return s.sendPing()
	}
	return s.giveUp(websocket.CodeGoingAway, s.conn.overdue())
}

// leave sends Close 1001 as soon as no frame of ours is in the way.
func (s *session) leave() error {
	if s.mid || s.closeSent {
		return nil
	}
	return s.sendClose(websocket.CodeGoingAway, "the server stops")
}

// giveUp ends the session with a Close that says why.
func (s *session) giveUp(code int, err error) error {
	s.begin(nil)
	defer func() { s.rest(err) }()
	if !s.mid {
		_ = s.sendClose(code, err.Error())
		_ = s.flush()
	}
	return err
}

func (s *session) sendPing() (err error) {
	s.pinged = true
	s.await(orDefault(s.srv.Web.PongWait, DefaultPongWait))
	s.arm()
	s.begin(nil)
	defer func() { s.rest(err) }()
	if s.mid {
		return nil // inside a frame of ours nothing can be asked: the client has the time all the same
	}
	if err := s.frame(ws.Header{Fin: true, OpCode: ws.OpPing}, nil); err != nil {
		return err
	}
	return s.flush()
}

// ended is what the end of the stream means: without a Close before it, section 7.1.5 calls it 1006, which is never on
// the wire.
func (s *session) ended() error {
	if s.work != nil { // something was begun
		return fmt.Errorf("the stream ended inside a message, without a Close: 1006: %w", io.ErrUnexpectedEOF)
	}
	return endNoClose
}
