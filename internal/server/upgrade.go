package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"echolab/internal/event"
	"echolab/internal/websocket"
)

// handler serves what there is over HTTP.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", s.serveWebSocket)
	mux.HandleFunc("/healthz", s.serveHealth)
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		if websocket.IsUpgrade(r) {
			s.serveWebSocket(w, r)
			return
		}
		s.servePage(w, r)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "" { // http://host: the same as http://host/ (RFC 9110 section 4.2.3)
			r.URL.Path = "/"
		}
		if s.Recorder != nil && !websocket.IsUpgrade(r) {
			s.record(event.Event{Ev: event.Request, Conn: int(visitOf(r.Context()).c.id), Text: r.Method + " " + r.URL.Path})
		}
		mux.ServeHTTP(w, r)
	})
}

// serveWebSocket answers an opening handshake. If it can be accepted, net/http is done with the connection.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	if err := websocket.CheckRequest(r, s.Web.Origins); err != nil {
		s.refuse(w, r, err)
		return
	}
	up := &upgrade{key: r.Header.Get("Sec-Websocket-Key")}
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
	v.c.record(event.Event{Ev: event.Refused, Text: fmt.Sprintf("the handshake: %d %s: %s", no.Status, http.StatusText(no.Status), no.Text)})
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

// serveHealth says that the server serves.
func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
	if !reads(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok\n")
}

// reads says whether a request only reads, and answers it if not.
func reads(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "this is for reading only: GET or HEAD", http.StatusMethodNotAllowed)
	return false
}
