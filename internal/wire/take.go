package wire

import (
	"bytes"
	"slices"
	"sort"
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

// Bounds of what came ahead and is held: of one direction, and of all. A segment counts with its bytes and what there
// is to keep besides them.
const (
	maxHeld    = 1 << 20
	maxHeldAll = 64 << 20
	holding    = 256
)

// take takes in what is new of a segment, and returns what decode says of the part of it that is delivered at once.
// Bytes that were there before stay as they are.
func (h *half) take(s segment) (content string) {
	h.begun = true
	h.top = max(h.top, s.end())
	for s = s.from(h.next); s.n > 0; s = s.from(h.next) {
		i := h.after(s.off)
		part := s
		if i < len(h.held) {
			if h.held[i].off <= s.off {
				s = s.from(h.held[i].end())
				continue
			}
			part = s.to(h.held[i].off)
		}
		s = s.from(part.end())
		if part.off > h.next {
			h.hold(i, part)
			continue
		}
		h.deliver(part)
		if content == "" && h.c.f.Packets != nil {
			content = h.c.talk.Carried(h.dir)
		}
		h.drain()
	}
	h.bound()
	return content
}

// after is the index of the first held segment that ends beyond off.
func (h *half) after(off int64) int {
	return sort.Search(len(h.held), func(i int) bool { return h.held[i].end() > off })
}

// hold keeps a copy of a segment that came ahead, at its place in what is held.
func (h *half) hold(i int, s segment) {
	header := *s.header
	s.b, s.header = bytes.Clone(s.b), &header
	h.held = slices.Insert(h.held, i, &s)
	h.charge(holding + len(s.b))
}

func (h *half) charge(n int) {
	h.heldSize += n
	h.c.f.held += n
}

// bound gives up the holes before what is held, if it is too much.
func (h *half) bound() {
	for len(h.held) > 0 && (h.heldSize > maxHeld || h.c.f.held > maxHeldAll) {
		h.skip(h.held[0].off)
	}
}

// drain delivers what was held and follows now.
func (h *half) drain() {
	for len(h.held) > 0 && h.held[0].off == h.next {
		s := h.held[0]
		h.held = slices.Delete(h.held, 0, 1)
		h.charge(-holding - len(s.b))
		h.deliver(*s)
	}
	if h.fin >= 0 && h.next == h.fin && !h.ended {
		h.ended = true
		h.c.talk.End(h.c.f.now, h.dir)
	}
}

// deliver reports the next bytes of the stream.
func (h *half) deliver(s segment) {
	f := h.c.f
	if f.Streams != nil {
		d := f.details()
		d.span, d.header = event.Span{Off: s.off, N: int(s.n)}, *s.header
		d.header.Captured = len(s.b)
		f.tell(f.Streams, event.Event{Time: s.at, Ev: event.Segment, Conn: h.c.number, Dir: h.dir,
			Span: &d.span, PacketHeader: &d.header, Bytes: s.b})
	}
	h.next = s.end()
	h.past.add(f, s)
	h.c.talk.Bytes(s.at, h.dir, s.off, s.b, int(s.n))
}

// skip gives up what is missing before to.
func (h *half) skip(to int64) {
	f, n := h.c.f, to-h.next
	if n > 0 {
		f.tell(f.Streams, event.Event{Ev: event.Gap, Conn: h.c.number, Dir: h.dir,
			Span: &event.Span{Off: h.next, N: int(n)}, Text: h.missing(to)})
		h.past.miss(h.next, to)
		h.c.talk.Bytes(f.now, h.dir, h.next, nil, int(n))
		h.next = to
		h.top = max(h.top, to)
	}
	h.drain()
}

// missing says what is known of the bytes before to.
func (h *half) missing(to int64) string {
	switch {
	case !h.heard || h.acked < to:
		return "not in the capture, and nothing shows that they arrived"
	case h.fin < 0 && to == h.acked && to > h.top:
		return "not in the capture, but acknowledged; the last of them may be a FIN, not a byte"
	}
	return "not in the capture, but acknowledged: they arrived"
}

// patience is how many packets of a connection may come until a hole that was acknowledged is given up: a capture may
// have packets in another order than the receiver.
const patience = 100

// settle gives up a hole that was acknowledged long enough ago.
func (h *half) settle() {
	to := h.confirmed()
	switch {
	case to <= h.next:
		h.doubt = 0
	case h.doubt == 0 || h.doubtfulAt != h.next:
		h.doubt, h.doubtfulAt = h.c.packets, h.next
	case h.c.packets-h.doubt >= patience:
		h.doubt = 0
		h.skip(to)
	}
}

// confirmed is the end of the first hole, as far as it was acknowledged; next if there is none. A single number beyond
// everything known may be that of a FIN.
func (h *half) confirmed() int64 {
	to := h.acked
	switch {
	case !h.heard || !h.sure && !h.begun:
		return h.next
	case len(h.held) > 0:
		return min(to, h.held[0].off)
	case h.fin >= 0:
		return min(to, h.fin)
	case to == h.top+1:
		return h.top
	}
	return to
}

// finish gives up everything that is missing: nothing more comes.
func (h *half) finish() {
	for len(h.held) > 0 {
		h.skip(h.held[0].off)
	}
	if to := h.confirmed(); to > h.next {
		h.skip(to)
	}
	if h.fin > h.next { // which was seen, if not acknowledged
		h.skip(h.fin)
	}
	if !h.ended {
		h.ended = true
		h.c.talk.End(h.c.f.now, h.dir)
	}
	h.past.drop(h.c.f)
}
