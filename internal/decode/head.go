package decode

import (
	"bufio"
	"bytes"
	"net/http"
	"regexp"
	"strings"

	"echolab/internal/event"
	"echolab/internal/text"
	"echolab/internal/websocket"
)

// maxHead is the most bytes that the head of an HTTP message may have.
const maxHead = 64 << 10

// A head collects the head of the next HTTP message, to the empty line after it and not one byte more: what follows
// may be no HTTP.
type head struct {
	s    *stream
	from int64 // the offset of its first byte
	b    []byte
	line int // where its last line begins
}

func newHead(s *stream) *head { return &head{s: s} }

func (h *head) take(b []byte) int {
	if len(h.b) == 0 {
		if h.s.dir == event.ServerToClient && !h.s.c.explained() {
			h.s.waits = true
			return 0
		}
		h.from = h.s.next
	}
	for i, c := range b {
		if len(h.b) == 0 && h.s.dir == event.ClientToServer && (c == '\r' || c == '\n') {
			h.from++ // an empty line in front of a request is ignored (RFC 9112 section 2.2)
			continue
		}
		if h.b = append(h.b, c); c != '\n' {
			continue
		}
		if h.line > 0 && len(bytes.TrimRight(h.b[h.line:], "\r\n")) == 0 {
			h.parse()
			return i + 1
		}
		if h.line = len(h.b); h.line > maxHead {
			break
		}
	}
	switch {
	case len(h.b) == 0:
		h.s.carried.part("an empty line")
	case len(h.b) > maxHead:
		h.stop("has a head that is too long: over " + text.Bytes(maxHead))
	default:
		h.s.carried.part("the head of " + h.noun())
	}
	return len(b)
}

func (h *head) miss(n int64) int64 {
	h.stop("has a head with bytes missing from the capture")
	return n
}

func (h *head) end() {
	if len(h.b) > 0 {
		h.s.failed("%s at offset %s does not end in the capture", h.noun(), text.Number(h.from))
	}
}

func (h *head) holds() int { return cap(h.b) }

func (h *head) noun() string {
	if h.s.dir == event.ClientToServer {
		return "the request"
	}
	return "the response"
}

// stop gives the stream up: without the head, there is no knowing where the message ends.
func (h *head) stop(what string) {
	if len(h.b) == 0 {
		h.from = h.s.next
	}
	h.s.stop("%s at offset %s %s; what follows cannot be decoded", h.noun(), text.Number(h.from), what)
}

// parse makes a message of a head that has come whole, and puts the decoder of its body in place.
func (h *head) parse() {
	m := message{from: h.from, head: h.b}
	if h.s.dir == event.ClientToServer {
		h.request(m)
	} else {
		h.response(m)
	}
}

// tellHead reports the head by itself.
func (h *head) tellHead(kind event.Kind, text string) {
	h.s.tell(event.Event{Ev: kind, Span: span(h.from, h.from+int64(len(h.b))), Bytes: h.b, Text: text})
}

func (h *head) request(m message) {
	r, err := http.ReadRequest(h.reader())
	switch {
	case err != nil:
		h.stop("is not HTTP: " + err.Error())
		return
	case r.Method == "PRI":
		h.stop("begins HTTP/2, which is not decoded here")
		return
	}
	m.text = r.Method + " " + r.RequestURI
	asked := &request{message: m, method: methodOf(r)}
	if asked.websocket = websocket.IsUpgrade(r); asked.websocket {
		asked.key = strings.Clone(r.Header.Get("Sec-Websocket-Key")) // not the whole head
	}
	asked.switches = r.Method == http.MethodConnect || r.Header.Get("Upgrade") != ""
	text := m.text
	if asked.websocket {
		text = "asks for a WebSocket"
	}
	h.tellHead(event.Request, text)
	h.s.carried.words("the request " + brief(m.text))
	h.s.c.pairing.ask(asked)
	newBody(h.s, &asked.message, bodyOf(r.ContentLength, r.TransferEncoding, false), func() { h.s.asked(asked) })
}

// methodOf is the method, if the response depends on it: others may be long, and wait for their answer for long.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodHead:
		return http.MethodHead
	case http.MethodConnect:
		return http.MethodConnect
	}
	return ""
}

func (h *head) response(m message) {
	asked, known := h.s.c.pairing.next()
	r, err := http.ReadResponse(h.reader(), &http.Request{Method: asked.method})
	if err != nil {
		h.stop("is not HTTP: " + err.Error())
		return
	}
	m.text = r.Status
	h.s.carried.words("the response " + brief(m.text))
	text := m.text
	if !known {
		text += "; its request is unknown"
	}
	switch a := answerOf(r, asked, known); {
	case a.websocket:
		h.tellHead(event.Response, acceptText(r, asked, known))
		h.upgrade(a, asked, known)
		return
	case a.switched:
		h.tellHead(event.Response, text)
		h.s.c.pairing.answer(asked, known, a)
		h.s.message(&m, h.from+int64(len(h.b)))
		h.s.silence() // another protocol's
		return
	case r.StatusCode >= 200:
		h.s.c.pairing.answer(asked, known, a)
	}
	h.tellHead(event.Response, text)
	none := asked.method == http.MethodHead || r.StatusCode < 200 || r.StatusCode == http.StatusNoContent ||
		r.StatusCode == http.StatusNotModified
	if none {
		r.ContentLength, r.TransferEncoding = 0, nil
	}
	newBody(h.s, &m, bodyOf(r.ContentLength, r.TransferEncoding, true), func() { h.s.decoder = newHead(h.s) })
}

// brief is the beginning of a text that may be long.
func brief(text string) string {
	const most = 60
	text = strings.ToValidUTF8(text, "?")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}

// codings are those that a body may have had before it was cut into chunks, and the chunks (RFC 9112 section 7).
var codings = regexp.MustCompile(`(?im)^(transfer-encoding:)` +
	`(?:[ \t]*(?:x-gzip|gzip|x-compress|compress|deflate)[ \t]*,)+[ \t]*chunked[ \t]*(\r?)$`)

// reader reads the head as net/http understands it: of codings, it knows chunked alone. That is the last one, and tells
// where the body ends; what the others do to the body makes no difference here.
func (h *head) reader() *bufio.Reader {
	return bufio.NewReader(bytes.NewReader(codings.ReplaceAll(h.b, []byte("$1 chunked$2"))))
}
