package wire

import (
	"time"

	"echolab/internal/capture"
	"echolab/internal/event"
)

// A step is one packet as its connection sees it: what it brings, what it acknowledges, and what is not as usual about
// it, judged by what came before.
type step struct {
	*capture.Packet
	c        *conn
	from, to *half // its sender's, and the other
	details  *details
	marks    []event.Mark

	late    bool // the connection is over
	outside bool // nothing of it is taken in
	again   bool // its SYN or its FIN came before
	since   time.Time

	off   int64  // of its payload
	n     int64  // of its payload, on the wire
	b     []byte // as much of it as the capture has
	bytes counts
	begin bool // offset 0 is its first byte, for want of a better one
	probe event.Mark
	brief string // what decode says of what was delivered

	acks     bool  // it acknowledges something that makes sense
	ack      int64 // up to where
	acked    int64 // up to where that was done before
	heard    bool  // acked is known
	unseen   int64 // how many of the acknowledged bytes the capture does not have
	window   int
	before   int // the window in front of it
	offered  bool
	complete bool // it completes the handshake
}

func (s *step) has(f capture.Flags) bool { return s.Flags&f != 0 }

func (s *step) mark(m event.Mark) { s.marks = append(s.marks, m) }

// look compares a packet with what is known of the connection. Of that it changes nothing but the place of offset 0,
// and what lies too far ahead.
func (s *step) look(c *conn, p *capture.Packet) {
	from, to := c.halves(p)
	*s = step{Packet: p, c: c, from: from, to: to, details: c.f.details(), late: c.over}
	s.n = int64(max(p.Length, 0))
	s.b = p.Payload[:min(int64(len(p.Payload)), s.n)]
	begun, sure := from.begun, from.sure
	if !s.late {
		from.place(p)
		s.placeOther()
	}
	s.begin = !begun && !sure && !from.sure && !c.ends.Guessed
	seq := p.Seq
	if s.has(capture.SYN) {
		seq++
	}
	s.off = from.offset(seq)
	s.lookAtNumbers()
	if s.has(capture.ACK) && !s.outside && !s.late {
		s.lookAtACK()
	}
	if s.n > 0 && !s.outside && !s.late && s.probe == "" && !s.has(capture.RST) {
		s.lookAtBytes()
	}
	if int64(len(s.b)) < s.n {
		s.mark(event.Cut)
	}
	if s.outside {
		s.mark(event.Outside)
	}
	if s.begin && s.n > 0 && !s.outside {
		s.mark(event.Unplaced)
	}
	s.header()
}

// placeOther finds out where offset 0 of the other direction is, as far as an ACK shows that.
func (s *step) placeOther() {
	if !s.has(capture.ACK) || s.to.sure || s.to.begun {
		return
	}
	if s.has(capture.SYN) && !s.has(capture.RST) {
		s.to.move(s.Ack)
		s.to.sure = true
	} else if !s.to.known {
		s.to.move(s.Ack)
		// The first ACK after its own SYN, with nothing sent in between: it is the handshake's.
		s.to.sure = s.from.syn && s.Seq == s.from.base && s.n == 0 && !s.to.heard && !s.has(capture.RST)
	}
}

// lookAtNumbers finds out whether the packet fits the stream, is a probe, or came again.
func (s *step) lookAtNumbers() {
	h, end := s.from, s.off+s.n
	if s.late {
		s.outside = (s.n > 0 || s.has(capture.FIN)) && (end > h.next || s.off < h.past.lost) ||
			h.past.missed(s.off, end) > 0
		s.again = !s.outside
		if s.again && (s.n > 0 || s.has(capture.FIN)) {
			s.mark(event.Retransmission)
		}
		return
	}
	if s.has(capture.RST) {
		s.outside = !s.resets()
		return
	}
	if s.has(capture.SYN) {
		s.outside = h.base != s.Seq+1
		s.again = h.syn && !s.outside
	}
	control := s.has(capture.SYN | capture.FIN)
	if s.n <= 1 && !control && h.heard && s.off == h.acked-1 {
		switch {
		case s.to.offered && s.to.window == 0:
			s.probe = event.WindowProbe
		case h.acked == h.end():
			s.probe = event.KeepAlive
		}
	}
	switch {
	case s.outside:
	case s.probe != "":
		s.mark(s.probe)
	case s.off < h.past.lost && s.n > 0:
		s.outside = true
	default:
		s.outside = !h.fits(s.off, end, s.has(capture.FIN))
		s.again = s.again || s.has(capture.FIN) && h.fin >= 0 && !s.outside
		s.since = h.first
	}
	if s.again && s.n == 0 {
		s.mark(event.Retransmission)
	}
}

// resets says whether a RST has a number that its receiver takes notice of (RFC 9293 section 3.5.2): the next one that
// is expected, or one in the window. An answer to a SYN has none that counts.
func (s *step) resets() bool {
	h := s.from
	if !h.sure && !h.begun {
		return true
	}
	limit := h.end() + slack
	if h.edgeKnown {
		limit = max(h.end(), h.edge)
	}
	low := h.end()
	if h.heard {
		low = min(low, h.acked)
	}
	return low <= s.off && s.off <= limit
}

// believable is how far beyond everything known an ACK may be.
const believable = 1 << 30

// lookAtACK finds out what the packet acknowledges, and what else it is for.
func (s *step) lookAtACK() {
	h := s.to
	s.ack, s.acked, s.heard = h.offset(s.Ack), h.acked, h.heard
	if s.ack > h.end()+believable || s.ack < h.end()-believable {
		s.outside = !s.has(capture.RST)
		return
	}
	s.acks = true
	s.offered, s.before = s.from.offered, s.from.window
	s.window = int(s.Window)
	if !s.has(capture.SYN) {
		bits, _ := s.c.shift(s.from, s.to)
		s.window <<= bits
	}
	s.complete = !s.c.complete && s.from == &s.c.client && h.syn && s.ack >= 0 && !s.has(capture.SYN|capture.RST)
	if s.unseen = max(0, s.ack-h.end()); s.unseen > 0 {
		s.mark(event.Unseen)
	}
	if s.has(capture.SYN | capture.FIN | capture.RST) {
		return
	}
	if s.window == 0 {
		s.mark(event.ZeroWindow)
	}
	if s.n > 0 || s.probe != "" || !s.heard || s.ack != s.acked {
		return
	}
	switch {
	case h.probed && s.window == s.before:
		s.mark(event.KeepAliveACK)
	case s.offered && s.window > s.before:
		s.mark(event.WindowUpdate)
	case s.offered && s.window == s.before && h.top > s.ack:
		s.mark(event.DuplicateACK)
	}
}

// header fills what the packet's event points to.
func (s *step) header() {
	d := s.details
	d.span = event.Span{Off: s.off, N: int(s.n)}
	window := s.window
	if !s.acks {
		window = int(s.Window)
		if !s.has(capture.SYN) { // which is never scaled (RFC 7323 section 2.2)
			bits, _ := s.c.shift(s.from, s.to)
			window <<= bits
		}
	}
	d.header = event.PacketHeader{Number: s.Number, Seq: s.Seq, Ack: s.Ack, Flags: s.Flags.String(), Window: window,
		Captured: len(s.b), Marks: s.marks}
}

// event is what the Follower's Packets get.
func (s *step) event() event.Event {
	e := event.Event{Ev: event.Packet, Conn: s.c.number, Dir: s.from.dir, PacketHeader: &s.details.header,
		Text: s.sentence()}
	if s.n > 0 && !s.outside && s.off >= 0 && !s.has(capture.RST) {
		e.Ev, e.Span, e.Bytes = event.Segment, &s.details.span, s.b
	}
	return e
}
