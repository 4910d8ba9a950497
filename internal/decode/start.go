package decode

import (
	"bytes"

	"echolab/framing"
	"echolab/internal/event"
)

// A start decides by a stream's first bytes what it is. Each stream is decided by itself: a server that speaks TLS may
// be sent a request without, and answer in its own way.
type start struct {
	s *stream
	b []byte // what came, while it may still be more than one thing
}

// A protocol is what a stream carries, as far as its first bytes tell.
type protocol int

const (
	undecided protocol = iota
	raw
	plainHTTP
	tlsRecords
)

// requests are the beginnings of an HTTP request: a method, a space, and what shows that a target follows (RFC 9112
// section 3). Raw text such as "GET x" is none.
var requests = func() (list [][]byte) {
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"} {
		for _, target := range []string{"/", "http://", "https://"} {
			list = append(list, []byte(method+" "+target))
		}
	}
	for c := byte('!'); c <= '~'; c++ {
		list = append(list, []byte("CONNECT "+string(rune(c)))) // its target is a host
	}
	return append(list, []byte("OPTIONS *"), []byte(http2))
}()

// http2 is how a connection of HTTP/2 begins (RFC 9113 section 3.4).
const http2 = "PRI * HTTP/2.0"

// responses is the beginning of an HTTP response.
var responses = [][]byte{[]byte("HTTP/1.")}

// longestStart is more than the first bytes that decide.
const longestStart = 16

// decide says what a stream that begins with b is, as soon as b tells it.
func decide(dir event.Dir, b []byte) protocol {
	starts := responses
	if dir == event.ClientToServer {
		starts = requests
	}
	is, open := record(b)
	if is {
		return tlsRecords
	}
	for _, start := range starts {
		if bytes.HasPrefix(b, start) {
			return plainHTTP
		}
		open = open || bytes.HasPrefix(start, b)
	}
	if open {
		return undecided
	}
	return raw
}

func (d *start) take(b []byte) int {
	had := len(d.b)
	d.b = append(d.b, b[:min(len(b), longestStart-had)]...)
	p := decide(d.s.dir, d.b)
	if p == undecided {
		return len(d.b) - had
	}
	d.become(p, d.b[:had])
	return 0
}

func (d *start) miss(int64) int64 {
	d.become(raw, d.b)
	return 0
}

func (d *start) end() {
	d.become(raw, d.b)
	d.s.decoder.end()
}

func (*start) holds() int { return 0 } // a few bytes

// become puts the decoder for what the stream is in place, and hands it the bytes that were taken already.
func (d *start) become(p protocol, taken []byte) {
	s := d.s
	s.next -= int64(len(taken))
	switch codec := s.c.codec.(type) {
	case framing.WebSocket:
		f := newFrames(s, nil, true)
		f.blind = true
		s.decoder = f
	case nil:
		s.decoder = silent{}
	default:
		s.decoder = newMessages(s, codec)
	}
	switch p {
	case plainHTTP:
		s.decoder = newHead(s)
	case tlsRecords:
		s.decoder = &records{s: s}
	}
	s.hold(s.run(piece{at: s.at, b: taken, n: int64(len(taken))}))
}
