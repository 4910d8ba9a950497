package server

import (
	"context"
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"echolab/internal/event"
)

// The defaults of a Web's limits.
const (
	DefaultMaxHeader     = 16 << 10
	DefaultHeaderTimeout = 10 * time.Second
	DefaultPing          = 30 * time.Second
	DefaultPongWait      = 10 * time.Second
)

// closeWait is how long a client may take to answer a Close, and for what the server's end leaves to do.
const closeWait = 2 * time.Second

// A Web makes a Server serve HTTP and WebSocket on the port of the raw echo: the first bytes of a connection decide.
// The zero value does that with the defaults.
//
// What there is over HTTP is the Handler's and, on their paths, the WebSockets'. It is strict about RFC 6455, and about
// RFC 7692 where Deflate is set.
type Web struct {
	// Handler answers all requests but those for WebSockets; nil answers 404. It may stream, and it may take its time:
	// only a client that takes nothing for the server's WriteTimeout is cut off, which needs no deadline of the handler's
	// own. A request's body must come within HeaderTimeout. The request's context ends with its client, and with the
	// beginning of Shutdown or Close, for the cause ErrServerClosed: a handler that returns soon after it can still answer.
	// One that does not return is waited for by Shutdown until its own context ends; then the connection is closed. One that
	// hijacks its connection has no limits but those that it sets.
	Handler http.Handler
	// WebSockets are what is on which path, the zero Program being the echo; nil is the echo on /ws and /. There is nothing
	// else on such a path, but for /, where the Handler answers requests that do not ask for a WebSocket.
	WebSockets map[string]Program
	// Protocols are tried in their order on a connection's first bytes, before HTTP and raw bytes.
	Protocols []Custom

	Only          Protocol      // Raw or HTTP: everything is taken for that; "" for the decision
	TLS           *tls.Config   // what begins like TLS is TLS, and what is inside it is decided in turn; nil for no TLS
	Hosts         []string      // the hosts, beside the server's own, that a request may be for, without a port; "*" is all
	Origins       []string      // the sites, beside the server's own, whose pages may open WebSockets; "*" is all
	Deflate       bool          // permessage-deflate, for clients that offer it
	MaxHeader     int           // the most bytes of a request's header; 16 KiB if 0. net/http allows 4 KiB more
	HeaderTimeout time.Duration // for a request's header, and for TLS's handshake; 10 seconds if 0
	Ping          time.Duration // a WebSocket that was silent for that long gets a Ping; 30 seconds if 0, none if negative
	PongWait      time.Duration // and is dead if nothing comes for that long after it; 10 seconds if 0
}

// web is the running part of a Web: net/http's server, and the connections on their way to it.
type web struct {
	http.Server
	handoff handoff
}

// newWeb returns the HTTP server of s.
func newWeb(s *Server) *web {
	w := &web{handoff: handoff{conns: make(chan net.Conn), closed: make(chan struct{})}}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	header := s.headerTimeout()
	w.Server = http.Server{
		Handler:           http.HandlerFunc(s.route),
		BaseContext:       func(net.Listener) context.Context { return s.serving },
		Protocols:         &protocols,
		MaxHeaderBytes:    orDefault(s.Web.MaxHeader, DefaultMaxHeader),
		ReadHeaderTimeout: header,
		ReadTimeout:       header, // nothing here has a body that is worth more time; a visit limits the writes
		IdleTimeout:       orDefault(s.IdleTimeout, DefaultIdleTimeout),
		ErrorLog:          log.New(errorLog{s}, "", 0),
		ConnState: func(c net.Conn, state http.ConnState) {
			if state == http.StateIdle {
				c.(*visit).idle.Store(true)
			}
		},
		DisableGeneralOptionsHandler: true, // which would not tell of its requests
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, visitKey{}, c)
		},
	}
	return w
}

// program returns what is on a path for WebSockets.
func (w *Web) program(path string) (p Program, ok bool) {
	if w.WebSockets == nil {
		return nil, path == "/ws" || path == "/"
	}
	p, ok = w.WebSockets[path]
	return p, ok
}

func (w *web) serve() { _ = w.Serve(&w.handoff) }

func (s *Server) headerTimeout() time.Duration {
	return orDefault(s.Web.HeaderTimeout, DefaultHeaderTimeout)
}

// ping is the silence after which a WebSocket gets a Ping; 0 for none.
func (s *Server) ping() time.Duration {
	if s.Web.Ping < 0 {
		return 0
	}
	return orDefault(s.Web.Ping, DefaultPing)
}

// errorLog takes what net/http has to say into the account.
type errorLog struct{ s *Server }

func (l errorLog) Write(p []byte) (int, error) {
	l.s.record(event.Event{Ev: event.Failed, Text: strings.TrimSpace(string(p))})
	return len(p), nil
}

// A handoff is a listener for connections that others have accepted.
type handoff struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// give hands over c; it returns false if the listener is closed.
func (h *handoff) give(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.closed:
		return false
	}
}

func (h *handoff) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *handoff) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

func (h *handoff) Addr() net.Addr { return &net.TCPAddr{} }
