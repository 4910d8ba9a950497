package decode

import (
	"fmt"
	"net/http"
	"strings"

	"echolab/internal/deflate"
	"echolab/internal/event"
	"echolab/internal/text"
	"echolab/internal/websocket"
)

// A request is one whose answer decides how the streams go on.
type request struct {
	message
	method    string // if the response depends on it
	key       string // the Sec-WebSocket-Key
	websocket bool   // it asks for a WebSocket
	switches  bool   // what its sender says next depends on the answer
	answer    *answer
}

// An answer is what a response means for the streams.
type answer struct {
	websocket bool            // both carry frames from here on
	deflate   *deflate.Params // of permessage-deflate; nil without
	unclear   error           // what is not understood of the extensions that the server chose
	switched  bool            // both carry something else, of which nothing is known
}

// A pairing has the requests that no response has answered: responses come in the order of the requests (RFC 9112
// section 9.3.2).
type pairing struct {
	requests []*request
	broken   bool     // which request a response answers is not known any more
	waiting  *request // the one whose answer decides how the client's stream goes on
	orphan   *answer  // to a request that is not known
}

// maxRequests is how many requests may go unanswered before they are forgotten, as in a capture of one direction.
const maxRequests = 1024

func (p *pairing) ask(r *request) {
	if len(p.requests) == maxRequests {
		p.forget()
	}
	if !p.broken {
		p.requests = append(p.requests, r)
	}
}

func (p *pairing) forget() { p.broken, p.requests = true, nil }

// next is the request that the next response answers. If it is not known, it is empty.
func (p *pairing) next() (r *request, known bool) {
	if len(p.requests) == 0 {
		return &request{}, false
	}
	return p.requests[0], true
}

// answer takes the response to the next request.
func (p *pairing) answer(r *request, known bool, a answer) {
	switch {
	case known:
		r.answer, p.requests = &a, p.requests[1:]
	case a.websocket:
		p.orphan = &a
	}
}

// answerOf is what a response means.
func answerOf(r *http.Response, asked *request, known bool) answer {
	switch {
	case r.StatusCode == http.StatusSwitchingProtocols:
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") && (asked.websocket || !known) {
			return webSocketAnswer(r)
		}
		return answer{switched: true}
	case asked.method == http.MethodConnect && r.StatusCode/100 == 2:
		return answer{switched: true}
	}
	return answer{}
}

func webSocketAnswer(r *http.Response) answer {
	a := answer{websocket: true}
	p, ok, err := deflate.Agree(r.Header.Values("Sec-Websocket-Extensions"))
	if ok {
		a.deflate = &p
	}
	a.unclear = err
	return a
}

// acceptText says how the answer comes about from the key, or that it does not.
func acceptText(r *http.Response, asked *request, known bool) string {
	accept := r.Header.Get("Sec-Websocket-Accept")
	switch {
	case !known:
		return "makes a WebSocket; its request is unknown"
	case accept != websocket.Accept(asked.key):
		return fmt.Sprintf("makes a WebSocket, but with the wrong answer: its Sec-WebSocket-Accept is "+
			"%q, and the answer to the key %q is %q", accept, asked.key, websocket.Accept(asked.key))
	}
	return websocket.Computed(asked.key)
}

// upgrade begins the server's frames after the head of a 101.
func (h *head) upgrade(a answer, asked *request, known bool) {
	h.s.c.pairing.answer(asked, known, a)
	h.s.tell(event.Event{Ev: event.Upgrade, Span: span(h.from, h.from+int64(len(h.b)))})
	if a.unclear != nil {
		h.s.failed("the response at offset %s: %v; what that means for messages is unknown",
			text.Number(h.from), a.unclear)
	}
	h.s.decoder = newFrames(h.s, inflationOf(a.deflate, event.ServerToClient), a.unclear != nil)
}

// asked says that a request is over.
func (s *stream) asked(r *request) {
	s.decoder = newHead(s)
	if !r.switches {
		s.message(&r.message, r.end)
		r.message = message{} // it may be long, and wait for its answer for long
		return
	}
	s.c.pairing.waiting, s.waits = r, true
}

// explained says whether the server's next response may be read: its request is known, or never will be.
func (c *Conversation) explained() bool {
	return len(c.pairing.requests) > 0 || c.pairing.broken || !speaksHTTP(&c.client)
}

// answered says whether the client's stream may go on after the request that it waits for.
func (c *Conversation) answered() bool {
	r := c.pairing.waiting
	if r.answer == nil {
		r.answer, c.pairing.orphan = c.pairing.orphan, nil
	}
	return r.answer != nil || !speaksHTTP(&c.server) || c.client.full()
}

// speaksHTTP says whether the stream may yet bring a head.
func speaksHTTP(s *stream) bool {
	switch s.decoder.(type) {
	case *start, *head, *body:
		return true
	}
	return false
}

// settle lets go on what waits no longer, and accounts for what is held then.
func (c *Conversation) settle() {
	c.goOn()
	for !c.client.pay() || !c.server.pay() {
		c.goOn()
	}
}

// goOn lets go on what waits no longer.
func (c *Conversation) goOn() {
	for {
		if c.server.waits && c.server.full() {
			c.pairing.forget()
		}
		switch {
		case c.client.waits && c.answered():
			c.proceed()
		case c.server.waits && c.explained():
			c.server.resume()
		case c.pairing.orphan != nil && c.client.decoder == decoder(silent{}):
			c.pairing.orphan = nil
			c.client.failed("the request for the WebSocket is not in the capture: " +
				"the client's frames cannot be decoded")
		default:
			return
		}
	}
}

// proceed lets the client's stream go on after the request that it waited for.
func (c *Conversation) proceed() {
	s, r := &c.client, c.pairing.waiting
	c.pairing.waiting = nil
	switch {
	case r.answer == nil:
		s.message(&r.message, r.end)
		s.decoder = &lost{s, fmt.Sprintf("the answer to the request at offset %s is not in the capture; "+
			"what follows cannot be decoded", text.Number(r.from))}
	case r.answer.websocket:
		s.tell(event.Event{Ev: event.Upgrade, Span: span(r.from, r.end)})
		s.decoder = newFrames(s, inflationOf(r.answer.deflate, event.ClientToServer), r.answer.unclear != nil)
	case r.answer.switched:
		s.message(&r.message, r.end)
		s.silence() // another protocol's
	default:
		s.message(&r.message, r.end)
	}
	s.resume()
}

// lost says why nothing is known of the bytes, if there are any.
type lost struct {
	s   *stream
	why string
}

func (l *lost) take(b []byte) int {
	l.s.stop("%s", l.why)
	return len(b)
}

func (l *lost) miss(n int64) int64 {
	l.s.stop("%s", l.why)
	return n
}

func (*lost) end()       {}
func (*lost) holds() int { return 0 }
