package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"echolab/internal/event"
	"echolab/internal/text"
	"echolab/internal/websocket"
)

// route hands every request to who is mounted on its path.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "" { // http://host: the same as http://host/ (RFC 9110 section 4.2.3)
		r.URL.Path = "/"
	}
	v := visitOf(r.Context())
	if v.c.tls != nil {
		state := v.c.tls.ConnectionState()
		r.TLS = &state
	}
	asks := websocket.IsUpgrade(r)
	if v.heads != nil {
		v.tellRequest(r, asks)
		v.heads.expect(r.ContentLength)
	}
	if isHTTP2(r) {
		v.refuseHTTP2(w)
		return
	}
	if err := s.misdirected(v, r); err != nil {
		s.refuse(w, r, err)
		return
	}
	if program, ok := s.Web.program(r.URL.Path); ok && (asks || r.URL.Path != "/") {
		s.serveWebSocket(w, r, program)
		return
	}
	if asks {
		e := &elsewhere{ResponseWriter: w, v: v, path: r.URL.EscapedPath()}
		defer e.answered(http.StatusOK) // as net/http does for a handler that says nothing
		w = e
	}
	switch {
	case r.Method == http.MethodOptions && r.RequestURI == "*":
		w.Header().Set("Content-Length", "0") // of the server as a whole (RFC 9110 section 9.3.7)
	case s.Web.Handler == nil:
		http.NotFound(w, r)
	default:
		s.Web.Handler.ServeHTTP(w, r)
	}
}

// tellRequest tells of a request: of one for a WebSocket all that it says.
func (v *visit) tellRequest(r *http.Request, asks bool) {
	if !asks {
		v.c.record(event.Event{Ev: event.Request, Text: r.Method + " " + r.URL.EscapedPath()})
		return
	}
	told := "asks for a WebSocket"
	if names := r.Header.Values("Sec-Websocket-Protocol"); len(names) > 0 {
		told += ", and to speak " + text.Quote([]byte(strings.Join(names, ", ")), 64) +
			" in it: no answer here chooses a protocol (RFC 6455, 1.9)"
	}
	head, offset := v.heads.request()
	v.c.record(event.Event{Ev: event.Request, Dir: event.ClientToServer, Span: &event.Span{Off: offset, N: len(head)},
		Bytes: head, Text: told})
}

// elsewhere answers a request for a WebSocket where there is none, as any other, and tells of that.
type elsewhere struct {
	http.ResponseWriter
	v    *visit
	path string
	told bool
}

// Unwrap lets an http.ResponseController reach what is below.
func (w *elsewhere) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *elsewhere) answered(status int) {
	if w.told || status < http.StatusOK {
		return
	}
	w.told = true
	w.v.refused.Store(true)
	w.v.c.record(event.Event{Ev: event.Refused, Text: fmt.Sprintf("the handshake: %d %s: there is no WebSocket on %s",
		status, http.StatusText(status), w.path)})
}

func (w *elsewhere) WriteHeader(status int) {
	w.answered(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *elsewhere) Write(b []byte) (int, error) {
	w.answered(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

func (w *elsewhere) Flush() {
	w.answered(http.StatusOK)
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack is for a handler that opens WebSockets of its own.
func (w *elsewhere) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	w.told = w.told || err == nil
	return conn, rw, err
}

// serveWebSocket answers an opening handshake. If it can be accepted, net/http is done with the connection.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request, program Program) {
	if err := websocket.CheckRequest(r, s.Web.Origins); err != nil {
		s.refuse(w, r, err)
		return
	}
	up := &upgrade{key: r.Header.Get("Sec-Websocket-Key"), request: r, program: program}
	extensions, err := s.negotiate(up, r.Header.Values("Sec-Websocket-Extensions"))
	if err != nil {
		s.refuse(w, r, &websocket.Refusal{Status: http.StatusBadRequest, Text: err.Error()})
		return
	}
	up.response = websocket.Response(up.key, extensions)
	_, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.refuse(w, r, &websocket.Refusal{Status: http.StatusInternalServerError, Text: err.Error()})
		return
	}
	// net/http has read ahead: what is there are the first frames, and they come first.
	v := visitOf(r.Context())
	up.pending, _ = buffered.Reader.Peek(buffered.Reader.Buffered())
	up.pending = append(up.pending[:len(up.pending):len(up.pending)], v.first...)
	v.leave(up)
}

// refuse answers a request that cannot be accepted.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	no := &websocket.Refusal{Status: http.StatusBadRequest, Text: err.Error()}
	errors.As(err, &no)
	v := visitOf(r.Context())
	v.refused.Store(true)
	what := "the handshake"
	if _, ok := s.Web.program(r.URL.Path); !ok && !websocket.IsUpgrade(r) {
		what = "the request"
	}
	told := fmt.Errorf("%s: %d %s: %s", what, no.Status, http.StatusText(no.Status), no.Text)
	if no.Status == http.StatusForbidden {
		told = &LimitError{LimitOrigins, told.Error()}
	}
	v.c.record(event.Event{Ev: event.Refused, Text: s.explain(told)})
	for name := range no.Header {
		w.Header().Set(name, no.Header.Get(name))
	}
	if no.Header.Get("Connection") == "" {
		w.Header().Set("Connection", "close")
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(no.Status)
	_, _ = io.WriteString(w, no.Text+"\n")
}
