package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/websocket"
)

// A Program is what a WebSocket is for when it is not the echo. It is called once a client's handshake is over, and
// returns what takes the client's messages: whole ones, at most the server's MaxMessage long, one after the other, msg
// being valid until receive returns. Handshake, frames, limits, Pings and shutdown are the server's.
//
// An error of receive closes the connection: a *framing.ProtocolError with its code and text, any other with 1011.
// receive holds up its own client while it runs, which must not wait for the socket.
type Program func(s *Socket) (receive func(text bool, msg []byte) error)

// A Socket is a Program's end of one WebSocket. Its methods may be called concurrently, also by receive.
type Socket struct {
	Request *http.Request // of the handshake; its context is over

	ctx     context.Context
	cancel  context.CancelFunc
	conn    *conn
	receive func(text bool, msg []byte) error
	pending atomic.Bool // there is something in queue

	mu     sync.Mutex
	queue  []outgoing
	queued int // bytes in it, and queuedCost for each message
	over   bool
}

// An outgoing is a message, or the Close that is to be the last.
type outgoing struct {
	op   ws.OpCode
	msg  []byte
	code int
}

// MaxQueued is how many bytes of messages a Socket keeps for a client that does not take them, beside one message. Each
// counts for 64 bytes more than it has, so that small ones cannot pile up either.
const MaxQueued = 1 << 20

const queuedCost = 64

// ErrBehind is what Send returns when MaxQueued would be exceeded.
var ErrBehind = errors.New("server: the client does not take what is sent to it as fast as it comes")

// ErrNotText is what Send returns for a text that is not UTF-8 (RFC 6455 section 5.6): it can be sent as binary.
var ErrNotText = errors.New("server: a text message must be UTF-8")

// Context ends with the connection, and with the beginning of the server's Shutdown.
func (s *Socket) Context() context.Context { return s.ctx }

// Send sends a copy of msg as one message. It does not wait: the message is sent as soon as the client takes it. The
// error is ErrBehind or ErrNotText, after which the Socket goes on, or net.ErrClosed.
func (s *Socket) Send(text bool, msg []byte) error {
	op := ws.OpBinary
	if text {
		if op = ws.OpText; !utf8.Valid(msg) {
			return ErrNotText
		}
	}
	return s.put(outgoing{op: op, msg: bytes.Clone(msg)})
}

// Close ends the connection with a Close of this code after what was sent before. The code is one that may be on the wire
// (section 7.4), or 1005 for none; the reason is UTF-8, and cut after 123 bytes. The error says what is wrong with them, or
// is net.ErrClosed.
func (s *Socket) Close(code int, reason string) error {
	if err := sendable(code, reason); err != nil {
		return err
	}
	return s.put(outgoing{op: ws.OpClose, msg: []byte(reason), code: code})
}

// sendable is what a client could rightly complain about in such a Close.
func sendable(code int, reason string) error {
	var broken *framing.ProtocolError
	if code>>16 != 0 || errors.As(framing.ParseClose(websocket.ClosePayload(code, reason)), &broken) {
		return fmt.Errorf("server: no Close can have code %d and reason %q", code, reason)
	}
	return nil
}

func (s *Socket) put(o outgoing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return net.ErrClosed
	case s.queued >= MaxQueued && o.op != ws.OpClose:
		return ErrBehind
	}
	s.queue, s.queued, s.over = append(s.queue, o), s.queued+len(o.msg)+queuedCost, o.op == ws.OpClose
	if !s.pending.Swap(true) {
		// The connection's goroutine waits for its client, and must not.
		s.conn.raw.SetReadDeadline(time.Unix(1, 0))
	}
	return nil
}

// crowded says whether much of the queue's room is taken.
func (s *Socket) crowded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queued > MaxQueued/2
}

// take empties the queue.
func (s *Socket) take() []outgoing {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := s.queue
	s.queue, s.queued = nil, 0
	s.pending.Store(false)
	return queue
}

// end lets nothing be sent any more.
func (s *Socket) end() {
	s.mu.Lock()
	s.queue, s.queued, s.over = nil, 0, true
	s.mu.Unlock()
	s.cancel()
}

// mount starts what the handshake was for. That may panic: the client is told, and nobody else notices.
func (s *session) mount(up *upgrade) (err error) {
	defer caught(&err)
	if up.program != nil {
		s.socket = &Socket{Request: up.request, conn: s.conn}
		s.socket.ctx, s.socket.cancel = context.WithCancel(s.srv.serving)
		s.socket.receive = up.program(s.socket)
	}
	return nil
}

// deliver hands a message to the program. What that sends for the messages of one read is queued until its end, and must
// not be too much only for that.
func (s *session) deliver(payload []byte) error {
	s.tellMessage(payload)
	if s.socket.crowded() {
		if err := s.sendQueued(); err != nil {
			return err
		}
	}
	return s.socket.receive(s.msg.OpCode == ws.OpText, payload)
}

// sendQueued sends what the program wants to be sent.
func (s *session) sendQueued() error {
	if s.socket == nil || !s.socket.pending.Load() {
		return nil
	}
	for _, o := range s.socket.take() {
		if s.closeSent {
			return nil
		}
		if o.op == ws.OpClose {
			if err := s.sendClose(o.code, string(o.msg)); err != nil {
				return err
			}
			return endClosed
		}
		if err := s.sendMessage(o.op, o.msg); err != nil {
			return err
		}
	}
	return nil
}

// woken says whether the session was to stop waiting only because there is something to send: what it waits for is not
// overdue yet. It may have been sent already.
func (s *session) woken() bool {
	return s.socket != nil && s.leaveBy == 0 && !s.srv.closing.Load() && time.Since(epoch) < s.overdueAt()
}
