package wire

import (
	"bytes"
	"slices"
	"time"
)

// A past is what is remembered of the bytes that were delivered, so that a retransmission can be held against them.
type past struct {
	gaps  []gap // the last ones
	lost  int64 // in front of it, gaps are no longer remembered
	times []arrival
	at    int // the arrival that is overwritten next, if there are enough

	tail []byte // the bytes in front of end, as far as they were captured without a hole
	end  int64
}

type gap struct{ from, to int64 }

// An arrival is when bytes came.
type arrival struct {
	from, to int64
	at       int64 // in nanoseconds, as time.Time.UnixNano has it
}

const (
	maxGaps     = 256
	maxArrivals = 32
	maxTail     = 32 << 10 // halved when it is full
	maxTailAll  = 32 << 20
)

// add remembers a segment that is delivered.
func (h *past) add(f *Follower, s segment) {
	a := arrival{s.off, s.end(), s.at.UnixNano()}
	switch {
	case s.at.IsZero():
	case len(h.times) < maxArrivals:
		h.times = append(h.times, a)
	default:
		h.times[h.at] = a
		h.at = (h.at + 1) % maxArrivals
	}
	if h.end != s.off {
		h.tail = h.tail[:0]
	}
	h.end = s.off + int64(len(s.b))
	h.keep(f, s.b)
}

// keep appends bytes to the tail, as far as there is room.
func (h *past) keep(f *Follower, b []byte) {
	b = b[max(0, len(b)-maxTail):]
	if len(h.tail)+len(b) > maxTail {
		stay := min(len(h.tail), max(0, maxTail/2-len(b)))
		h.tail = h.tail[:copy(h.tail, h.tail[len(h.tail)-stay:])]
	}
	before := cap(h.tail)
	if len(h.tail)+len(b) > before {
		if f.past > maxTailAll {
			h.tail = h.tail[:0]
			return
		}
		h.tail = slices.Grow(h.tail, len(b))
	}
	h.tail = append(h.tail, b...)
	f.past += cap(h.tail) - before
}

// miss remembers a gap.
func (h *past) miss(from, to int64) {
	if len(h.gaps) == maxGaps {
		h.lost = h.gaps[0].to
		h.gaps = slices.Delete(h.gaps, 0, 1)
	}
	h.gaps = append(h.gaps, gap{from, to})
}

// missed is how many of the bytes from..to lie in a gap.
func (h *past) missed(from, to int64) (n int64) {
	for _, g := range h.gaps {
		n += max(0, min(to, g.to)-max(from, g.from))
	}
	return n
}

// arrived is when the byte at off came; the zero time if that is not remembered.
func (h *past) arrived(off int64) time.Time {
	for _, a := range h.times {
		if a.from <= off && off < a.to {
			return time.Unix(0, a.at)
		}
	}
	return time.Time{}
}

// differs says whether the bytes at off are others than those remembered.
func (h *past) differs(off int64, b []byte) bool {
	return differ(h.end-int64(len(h.tail)), h.tail, off, b)
}

// differ says whether the bytes a at offset from and b at offset off differ where they overlap.
func differ(from int64, a []byte, off int64, b []byte) bool {
	lo, hi := max(from, off), min(from+int64(len(a)), off+int64(len(b)))
	return lo < hi && !bytes.Equal(a[lo-from:hi-from], b[lo-off:hi-off])
}

// drop forgets everything but the gaps.
func (h *past) drop(f *Follower) {
	f.past -= cap(h.tail)
	*h = past{gaps: h.gaps, lost: h.lost}
}
