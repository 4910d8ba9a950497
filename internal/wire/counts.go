package wire

import (
	"time"

	"echolab/internal/event"
)

// counts are what there is to say of a packet's bytes.
type counts struct {
	fresh   int64     // how many are new
	given   int64     // how many lie in a gap: they come too late
	again   int64     // how many were there before
	first   time.Time // when the first byte came that was there before; the zero time if that is not remembered
	missing int64     // how many are missing before the first new one
	fills   bool      // bytes that follow the first new one were there before
	differs bool      // those that were there before were others, as far as that is remembered
}

// lookAtBytes compares the packet's bytes with those that came before.
func (s *step) lookAtBytes() {
	h, k := s.from, &s.bytes
	if s.off == h.next && len(h.held) == 0 && h.top == h.next {
		k.fresh = s.n // nearly all packets
	} else {
		*k = h.count(segment{off: s.off, n: s.n, b: s.b})
	}
	switch {
	case k.again == s.n:
		s.mark(event.Retransmission)
	case k.again > 0:
		s.mark(event.Overlap)
	}
	if k.fills || k.given > 0 {
		s.mark(event.OutOfOrder)
	}
	if k.missing > 0 {
		s.mark(event.Ahead)
	}
	if k.fresh > 0 && s.n == 1 && s.to.offered && s.to.window == 0 && h.edgeKnown && s.off >= h.edge {
		s.mark(event.WindowProbe)
	}
}

// count finds out which bytes of a segment are new.
func (h *half) count(s segment) (k counts) {
	front := max(s.off, h.next) // the first byte that is new
	k.given = h.past.missed(s.off, min(s.end(), h.next))
	k.differs = h.past.differs(s.off, s.b)
	k.fresh = max(0, s.end()-front)
	i := h.after(s.off)
	for _, p := range h.held[i:] {
		if p.off >= s.end() {
			break
		}
		k.fresh -= max(0, min(s.end(), p.end())-max(s.off, p.off))
		k.differs = k.differs || differ(p.off, p.b, s.off, s.b)
		if p.off <= front {
			front = p.end()
		}
	}
	if k.again = s.n - k.fresh - k.given; k.again > 0 {
		k.first = h.past.arrived(s.off)
	}
	if k.fresh > 0 {
		k.fills = h.top > front
		k.missing = front - h.next
		for _, p := range h.held[:h.after(front)] {
			k.missing -= p.n
		}
	}
	return k
}
