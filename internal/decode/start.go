package decode

import (
	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/firstbytes"
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

// decide says what a stream that begins with b is, as soon as b shows it.
func decide(dir event.Dir, b []byte) protocol {
	isHTTP := firstbytes.IsResponse
	if dir == event.ClientToServer {
		isHTTP = firstbytes.IsRequest
	}
	record, open := firstbytes.IsRecord(b)
	http, more := isHTTP(b)
	switch {
	case record:
		return tlsRecords
	case http:
		return plainHTTP
	case open || more:
		return undecided
	}
	return raw
}

func (d *start) take(b []byte) int {
	had := len(d.b)
	d.b = append(d.b, b[:min(len(b), firstbytes.Longest-had)]...)
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
