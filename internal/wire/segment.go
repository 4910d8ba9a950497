package wire

import (
	"time"

	"echolab/internal/event"
)

// A segment is n bytes of a stream from an offset on, as one packet brought them. The capture has the first len(b).
type segment struct {
	off    int64
	n      int64
	b      []byte
	at     time.Time
	header *event.PacketHeader
}

func (s segment) end() int64 { return s.off + s.n }

// from is the part of the segment from off on.
func (s segment) from(off int64) segment {
	if by := min(off-s.off, s.n); by > 0 {
		s.off, s.n, s.b = s.off+by, s.n-by, s.b[min(by, int64(len(s.b))):]
	}
	return s
}

// to is the part of the segment before off.
func (s segment) to(off int64) segment {
	if n := max(off-s.off, 0); n < s.n {
		s.n, s.b = n, s.b[:min(n, int64(len(s.b)))]
	}
	return s
}
