package wire

import (
	"time"

	"echolab/internal/capture"
	"echolab/internal/event"
)

// A half is one direction of a connection: the stream, and what its sender's packets tell of the sender. Offsets are
// those of the stream: the SYN comes before offset 0, the FIN after the last byte (RFC 9293 section 3.4).
type half struct {
	c   *conn
	dir event.Dir

	base  uint32 // the sequence number of offset 0
	known bool   // base is set
	sure  bool   // by a handshake; else offset 0 is the first byte that the capture has
	begun bool   // a byte was taken in

	next  int64 // everything in front of it was delivered, or is missing
	top   int64 // everything known ends here
	fin   int64 // where the stream ends; -1 while that is not known
	stray int64 // where the last segment ended that lay too far ahead
	ended bool  // decode knows that it ended

	answered bool // bytes of the other direction came after the FIN of this one

	syn   bool      // the SYN was seen
	first time.Time // when the SYN or FIN that was seen last came first

	scale    int  // the option in the SYN; -1 if the capture shows none
	unscaled bool // because there was none

	heard     bool  // an ACK of the other side was seen
	acked     int64 // the other side has everything in front of it; a FIN counts as one
	edge      int64 // the other side has room up to here
	edgeKnown bool

	window  int  // what the sender offered last for the other direction, in bytes
	offered bool // window is set
	probed  bool // its last packet asked whether the other side is there, or has room
	taught  bool // it was said what an ACK of this sender does not say

	held     []*segment // what came ahead, in order, none overlapping
	heldSize int
	past     past

	doubt      int   // since when, in packets of the connection, a hole was acknowledged; 0 for none
	doubtfulAt int64 // where that hole begins
}

// name is the half's sender, for people.
func (h *half) name() string {
	if h.dir == event.ClientToServer {
		return "client"
	}
	return "server"
}

// offset is the place of a sequence number in the stream. Numbers wrap: the place nearest to what was seen last is
// meant.
func (h *half) offset(seq uint32) int64 { return h.top + int64(int32(seq-h.base-uint32(h.top))) }

// end is the number after all that was sent: a FIN counts as one.
func (h *half) end() int64 {
	if h.fin >= 0 && h.fin == h.top {
		return h.top + 1
	}
	return h.top
}

// closed says whether the stream is complete and the other side has acknowledged that.
func (h *half) closed() bool { return h.fin >= 0 && h.heard && h.acked > h.fin }

// A segment may lie slack bytes beyond the window that the other side offered; where the capture does not have that
// window, maxAhead bytes beyond what was seen last. What lies further ahead does not fit.
const (
	slack    = 1 << 20
	maxAhead = 16 << 20
)

// place finds out where offset 0 is, as far as a packet of this half shows that.
func (h *half) place(p *capture.Packet) {
	switch syn := p.Flags&capture.SYN != 0; {
	case syn && !h.sure && (!h.begun || h.base == p.Seq+1):
		h.move(p.Seq + 1)
		h.sure = true
	case !syn && !h.known, !syn && !h.sure && !h.begun && p.Length > 0:
		h.move(p.Seq)
	}
}

// move moves offset 0, of which nothing was recorded yet, to a sequence number. What was acknowledged moves with it.
func (h *half) move(base uint32) {
	if h.known {
		by := int64(int32(base - h.base))
		h.acked -= by
		h.edge -= by
	}
	h.base, h.known = base, true
}

// fits says whether a part of the stream may lie there: its numbers are neither before the stream nor past its
// end, and not so far ahead that only another connection can have them. Of two segments that follow each other far
// ahead, the second fits: then it is the capture that lacks a lot.
func (h *half) fits(off, end int64, fin bool) bool {
	bytes := end > off
	switch {
	case (bytes || fin) && off < 0,
		h.fin >= 0 && bytes && end > h.fin,
		fin && (h.fin >= 0 && end != h.fin || end < h.top):
		return false
	}
	limit := h.top + maxAhead
	if h.edgeKnown {
		limit = max(h.top, h.edge+slack)
	}
	if off > limit && off != h.stray {
		h.stray = end
		return false
	}
	return true
}
