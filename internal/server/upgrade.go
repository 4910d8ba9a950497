package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"echolab/internal/event"
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
	upgrade := websocket.IsUpgrade(r)
	if s.Recorder != nil && !upgrade {
		v.c.record(event.Event{Ev: event.Request, Text: r.Method + " " + r.URL.Path})
	}
	if program, ok := s.Web.program(r.URL.Path); ok && (upgrade || r.URL.Path != "/") {
		s.serveWebSocket(w, r, program)
		return
	}
	if s.Web.Handler == nil {
		http.NotFound(w, r)
		return
	}
	s.Web.Handler.ServeHTTP(w, r)
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
	if s.Recorder != nil {
		b, offset := v.request(len(up.pending))
		v.c.record(event.Event{Ev: event.Request, Dir: event.ClientToServer, Span: &event.Span{Off: offset, N: len(b)},
			Bytes: b, Text: "asks for a WebSocket"})
	}
	up.pending = append(up.pending[:len(up.pending):len(up.pending)], v.first...)
	v.leave(up)
}

// refuse answers a handshake that cannot be accepted.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	no := &websocket.Refusal{Status: http.StatusBadRequest, Text: err.Error()}
	errors.As(err, &no)
	v := visitOf(r.Context())
	v.refused.Store(true)
	told := fmt.Errorf("the handshake: %d %s: %s", no.Status, http.StatusText(no.Status), no.Text)
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
