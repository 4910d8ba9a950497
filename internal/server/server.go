// Package server is the port: it listens, tells a connection's protocol by its first bytes, and echoes raw bytes, the
// messages of a codec or WebSocket messages, or answers HTTP. It may know frames, events and sockets. It must not know
// the client, the experiments, or anything that a program mounts on it.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/text"
)

// The defaults of a Server's limits.
const (
	DefaultReadBuffer  = 64 << 10
	DefaultMaxMessage  = 1 << 20
	DefaultMaxConns    = 1024
	DefaultIdleTimeout = 5 * time.Minute
)

// quietReadBuffer is the read buffer's default where nobody holds one while idle: larger ones make fewer calls, and
// more than that gains nothing.
const quietReadBuffer = 256 << 10

// quiet is how long a connection may be silent after Shutdown before its echo counts as finished.
const quiet = 250 * time.Millisecond

// ErrServerClosed is what Serve returns after Shutdown or Close.
var ErrServerClosed = errors.New("server: closed")

// A Server echoes what its clients send. The zero value echoes bytes, with the default limits and without an account.
// Its fields must not be changed once Serve was called; its methods may be called concurrently.
//
// A connection ends when its client ends its side and has got everything back; when it breaks the framing; when it is
// silent for IdleTimeout, or takes nothing for WriteTimeout; and with the server. None of these touches another connection.
type Server struct {
	Codec       framing.Codec // how messages are marked; nil echoes bytes as they come
	ReadBuffer  int           // the most bytes that one read takes; if 0, 64 KiB, or 256 KiB for bytes without an account
	MaxMessage  int           // the most bytes of a message; 1 MiB if 0. Bytes have no messages, and no such limit
	MaxConns    int           // the most connections at once, further ones are closed at once; 1024 if 0
	IdleTimeout time.Duration // 5 minutes if 0
	// WriteTimeout is how long a client may take nothing of what is sent to it; IdleTimeout if 0.
	WriteTimeout time.Duration
	Chunk        int            // the most bytes in one write; 0 for any
	Delay        time.Duration  // between two writes of a connection
	Glue         time.Duration  // how long an echo waits for more, so that one write has it all; 0 for not at all
	Web          *Web           // serves HTTP and WebSocket on the same port; without it everything is the codec's
	Recorder     event.Recorder // takes the account; without one nothing is spent on it
	// Explain is how the account words an error, a *LimitError among others; nil is the error's own text.
	Explain func(error) string

	web     *web       // of Web, once Serve was called
	chunks  *sync.Pool // of what quiet connections read with
	closing atomic.Bool

	everywhere atomic.Bool     // it listens on all of the machine's addresses
	serving    context.Context // ends when closing begins
	stopAll    context.CancelCauseFunc
	running    sync.WaitGroup // the connections

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	conns     []*conn       // each knows its place
	stopped   chan struct{} // closed with the server: ends a pause between accepts
	stats     Stats
}

// Stats is what a server has done. Of a connection that is still open, only its existence counts.
type Stats struct {
	Open     int   `json:"-"`         // connected now
	Conns    int   `json:"conns"`     // accepted
	Refused  int   `json:"refused"`   // over MaxConns
	Failed   int   `json:"failed"`    // ended by an error of the client's, of the network's, by a limit, or by Close
	BytesIn  int64 `json:"bytes_in"`  // read
	BytesOut int64 `json:"bytes_out"` // written
	Messages int64 `json:"messages"`  // echoed whole; 0 of bytes without a codec

	// With a Web, what the connections were, of those that are over.
	Raw       int `json:"raw,omitempty"`
	HTTP      int `json:"http,omitempty"`
	WebSocket int `json:"websocket,omitempty"`
	Custom    int `json:"custom,omitempty"` // of the Web's Protocols
	Away      int `json:"away,omitempty"`   // of the WebSockets: answered the Close 1001 of Shutdown
}

// Stats returns the counts so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Open = len(s.conns)
	return stats
}

// Serve accepts connections from ln and echoes each in a goroutine of its own. It returns ErrServerClosed after
// Shutdown or Close, and otherwise the error of Accept that it could not wait out. It closes ln.
func (s *Server) Serve(ln net.Listener) error {
	defer ln.Close()
	stopped, ok := s.trackListener(ln)
	if !ok {
		return ErrServerClosed
	}
	defer s.untrackListener(ln)
	var pause time.Duration
	for {
		c, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			s.admit(c)
		case s.closing.Load():
			return ErrServerClosed
		case !isTemporary(err):
			return err
		default:
			// Out of descriptors, say. Those who are connected go on; whoever is new waits in the kernel's queue.
			pause = min(max(5*time.Millisecond, 2*pause), time.Second)
			s.record(event.Event{Ev: event.Failed, Text: fmt.Sprintf("accept: %v; next try in %v", err, pause)})
			select {
			case <-time.After(pause):
			case <-stopped:
			}
		}
	}
}

// isTemporary says whether an error of Accept is of the kind that goes away when others close their connections.
func isTemporary(err error) bool {
	for _, errno := range []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED,
	} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

func (s *Server) trackListener(ln net.Listener) (stopped chan struct{}, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners == nil {
		s.listeners = make(map[net.Listener]struct{})
		s.stopped = make(chan struct{})
		s.serving, s.stopAll = context.WithCancelCause(context.Background())
		s.chunks = newChunks(orDefault(s.ReadBuffer, quietReadBuffer))
		if s.Web != nil && !s.closing.Load() {
			s.web = newWeb(s)
			s.running.Go(s.web.serve)
		}
	}
	s.listeners[ln] = struct{}{}
	if tcp, ok := ln.Addr().(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		s.everywhere.Store(true)
	}
	return s.stopped, !s.closing.Load()
}

func (s *Server) untrackListener(ln net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, ln)
}

// admit gives a new connection its number and its goroutine, or closes it if there are too many.
func (s *Server) admit(nc net.Conn) {
	s.mu.Lock()
	if s.closing.Load() {
		s.mu.Unlock()
		nc.Close()
		return
	}
	if limit := orDefault(s.MaxConns, DefaultMaxConns); len(s.conns) >= limit {
		s.stats.Refused++
		s.mu.Unlock()
		met := &LimitError{LimitConns, fmt.Sprintf("%v: %s open already",
			nc.RemoteAddr(), text.Count(limit, "connection is", "connections are"))}
		s.record(event.Event{Ev: event.Refused, Text: s.explain(met)})
		nc.Close()
		return
	}
	s.stats.Conns++
	c := newConn(s, nc, s.stats.Conns)
	c.place = uint32(len(s.conns))
	s.conns = append(s.conns, c)
	s.running.Add(1)
	s.mu.Unlock()
	go s.serve(c)
}

// serve is the life of one connection. What has become a WebSocket goes on in a goroutine of its own, whose stack never
// was deeper than that needs: it is most of what an idle connection costs.
func (s *Server) serve(c *conn) {
	if s.Recorder != nil {
		s.record(event.WithSock(event.Event{Ev: event.Accept, Conn: int(c.id)}, c.Conn))
	}
	if ws, err := c.echo(); ws != nil {
		go ws.live(err)
	} else {
		s.finish(c, err)
	}
}

// finish ends a connection and counts it.
func (s *Server) finish(c *conn, err error) {
	defer s.running.Done()
	how, err := c.verdict(err)
	c.end(how, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(c)
	s.stats.BytesIn += c.bytesIn
	s.stats.BytesOut += c.bytesOut
	s.stats.Messages += c.messages
	if err != nil {
		s.stats.Failed++
	}
	s.countProtocol(c)
}

// forget takes c out of the list: the last one gets its place.
func (s *Server) forget(c *conn) {
	end := len(s.conns) - 1
	last := s.conns[end]
	s.conns[c.place], last.place = last, c.place
	s.conns[end] = nil
	s.conns = s.conns[:end]
}

func (s *Server) countProtocol(c *conn) {
	if s.Web == nil {
		return
	}
	switch {
	case c.webSocket.Load():
		s.stats.WebSocket++
	case c.counts == asHTTP:
		s.stats.HTTP++
	case c.counts == asCustom:
		s.stats.Custom++
	default:
		s.stats.Raw++
	}
	if c.away {
		s.stats.Away++
	}
}

func (s *Server) writeTimeout() time.Duration {
	return orDefault(s.WriteTimeout, orDefault(s.IdleTimeout, DefaultIdleTimeout))
}

// Shutdown ends the server: it accepts no more, and every connection may finish its echo, which it has when its client
// ends its side or is silent for a quarter of a second; every WebSocket gets Close 1001 and two seconds to answer. What
// is still open when ctx ends is closed; the error is then ctx.Err(), and closed says how many there were. Code of a
// program (a Handler, a Custom, a Program) that goes on all the same is waited for for another second, and then left.
func (s *Server) Shutdown(ctx context.Context) (closed int, err error) {
	s.stop((*conn).hurry)
	finished := make(chan struct{})
	go func() {
		if s.web != nil {
			_ = s.web.Shutdown(ctx) // whom it leaves is closed below
		}
		s.running.Wait()
		close(finished)
	}()
	select {
	case <-finished:
		return 0, nil
	case <-ctx.Done():
	}
	closed = s.stop(func(c *conn) { c.raw.Close() })
	s.closeWeb()
	await(finished)
	if closed == 0 {
		return 0, nil // they had just finished
	}
	return closed, ctx.Err()
}

// Close ends the server and all its connections at once. It waits for a program's code as Shutdown does in the end.
func (s *Server) Close() {
	s.stop(func(c *conn) { c.raw.Close() })
	s.closeWeb()
	finished := make(chan struct{})
	go func() {
		s.running.Wait()
		close(finished)
	}()
	await(finished)
}

// await waits until all that served connections has returned, which it does at once when they are closed, unless it is
// somebody else's code.
func await(finished <-chan struct{}) {
	select {
	case <-finished:
	case <-time.After(time.Second):
	}
}

func (s *Server) closeWeb() {
	if s.web != nil {
		s.web.Close()
	}
}

// stop closes the listeners and does something with every connection; it returns their number.
func (s *Server) stop(each func(*conn)) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing.Swap(true) && s.stopped != nil {
		close(s.stopped)
		s.stopAll(ErrServerClosed)
	}
	for ln := range s.listeners {
		ln.Close()
	}
	for _, c := range s.conns {
		each(c)
	}
	return len(s.conns)
}

// record completes an event and hands it to the Recorder, if there is one.
func (s *Server) record(e event.Event) {
	if s.Recorder == nil {
		return
	}
	e.Time, e.At = time.Now(), event.Server
	s.Recorder.Record(e)
}

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// caught turns a panic into an error, so that it ends one connection and not the server.
func caught(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
	}
}
