package decode

import (
	"bytes"
	"fmt"
	"time"

	"echolab/internal/event"
)

// A stream is one direction of a connection: its decoder, and what has to wait until the other direction explains it.
type stream struct {
	c   *Conversation
	dir event.Dir

	came    int64     // how many bytes were handed in
	next    int64     // the offset of the byte that the decoder gets next
	at      time.Time // when the bytes came that the decoder has
	decoder decoder
	carried carried

	waits    bool // what follows means nothing without the other direction: it is held
	held     []piece
	heldSize int
	share    share // of what may be held
	windows  share // of what may be held to inflate messages
	ended    bool  // no more is handed in
	endedAt  time.Time
	over     bool // the decoder has seen the end
}

// A piece is n bytes of a stream, of which the first len(b) are known.
type piece struct {
	at time.Time
	b  []byte
	n  int64
}

// A decoder makes sense of a stream from one place on. When it is done, or can do no more, it puts another one in its
// place.
type decoder interface {
	// take takes bytes from the front of b, which is not empty and begins at the stream's next, and returns how many.
	// It may take none if it has put another decoder in its place, or made the stream wait.
	take(b []byte) int
	// miss says that n bytes, at least one, are not known, and returns how many of them were skipped: none
	// under the same conditions.
	miss(n int64) int64
	// end says that the stream is over.
	end()
	// holds is how many bytes of the stream are kept for what is to come.
	holds() int
}

// maxHeld and maxPieces bound what waits for the other direction.
const (
	maxHeld   = 256 << 10
	maxPieces = 4096
)

// take hands a piece to the decoder, or what is left of it to those that wait.
func (s *stream) take(p piece) {
	s.came += p.n
	p = s.run(p)
	p.b = bytes.Clone(p.b)
	s.hold(p)
}

// hold keeps what is left of a piece, which belongs to the stream.
func (s *stream) hold(p piece) {
	if p.n > 0 {
		s.held = append(s.held, p)
		s.heldSize += len(p.b)
	}
}

// full says whether nothing more may be held.
func (s *stream) full() bool { return s.heldSize > maxHeld || len(s.held) > maxPieces }

// run hands a piece to the decoder, and returns what is left of it when the stream has to wait.
func (s *stream) run(p piece) piece {
	if s.waits {
		return p
	}
	s.at = p.at
	for p.n > 0 && !s.waits {
		var n int64
		if len(p.b) > 0 {
			taken := s.decoder.take(p.b)
			n, p.b = int64(taken), p.b[taken:]
		} else {
			n = s.decoder.miss(p.n)
		}
		s.next += n
		p.n -= n
	}
	return p
}

// resume lets the decoder go on with what was held.
func (s *stream) resume() {
	s.waits = false
	held := s.held
	s.held, s.heldSize = nil, 0
	for _, p := range held {
		s.hold(s.run(p))
	}
	s.finish()
}

// finish ends the decoder if the stream is over and nothing waits.
func (s *stream) finish() {
	if !s.ended || s.waits || s.over {
		return
	}
	s.at = s.endedAt
	s.decoder.end()
	s.over = true
	s.silence()
}

// stop says why the stream cannot be decoded any further, and gives it up.
func (s *stream) stop(format string, args ...any) {
	s.failed(format, args...)
	s.silence()
}

// silence reports no more of the stream.
func (s *stream) silence() {
	s.decoder = silent{}
	s.windows.set(&s.c.budgets.windows, 0)
}

// failed reports what is wrong.
func (s *stream) failed(format string, args ...any) {
	s.tell(event.Event{Ev: event.Failed, Text: fmt.Sprintf(format, args...)})
}

// tell completes an event of the stream and records it.
func (s *stream) tell(e event.Event) {
	if s.c.rec == nil {
		return
	}
	e.Time, e.At, e.Conn, e.Dir = s.at, event.Wire, s.c.conn, s.dir
	s.c.rec.Record(e)
}

// span is the part of the stream from one offset to another.
func span(from, to int64) *event.Span { return &event.Span{Off: from, N: int(to - from)} }

// A silent decoder claims nothing of the bytes.
type silent struct{}

func (silent) take(b []byte) int  { return len(b) }
func (silent) miss(n int64) int64 { return n }
func (silent) end()               {}
func (silent) holds() int         { return 0 }
