package wire

import (
	"echolab/internal/capture"
	"echolab/internal/event"
)

// apply takes in what the packet brings, and returns in a few words how the connection ended, if it did.
func (s *step) apply() (how string) {
	c, from, to := s.c, s.from, s.to
	c.packets++
	if s.outside {
		c.client.settle()
		c.server.settle()
		return ""
	}
	if s.has(capture.RST) {
		return "reset by the " + from.name()
	}
	if s.has(capture.SYN) && !from.syn {
		from.syn, from.scale, from.first = true, s.WindowScale, s.Time
		from.unscaled = s.WindowScale < 0 && !s.OptionsCut
	}
	if s.has(capture.FIN) && from.fin < 0 {
		from.fin, from.first = s.off+s.n, s.Time
		from.top = max(from.top, from.fin)
	}
	s.applyBytes()
	s.applyACK()
	c.complete = c.complete || s.complete
	c.client.settle()
	c.server.settle()
	if from.closed() && to.closed() {
		return "closed"
	}
	return ""
}

// applyBytes takes in the packet's bytes, and the end of the stream.
func (s *step) applyBytes() {
	h := s.from
	h.probed = s.probe == event.KeepAlive
	if s.probe == "" && s.n > 0 {
		s.brief = h.take(segment{off: s.off, n: s.n, b: s.b, at: s.Time, header: &s.details.header})
		s.to.answered = s.to.answered || s.to.fin >= 0
	}
	h.drain()
}

// applyACK takes in what the packet says about the other direction.
func (s *step) applyACK() {
	h := s.to
	if !s.acks || s.heard && s.ack < s.acked {
		return
	}
	h.heard, h.acked = true, s.ack
	s.from.window, s.from.offered = s.window, true
	if _, known := s.c.shift(s.from, s.to); known {
		h.edge, h.edgeKnown = max(h.edge, s.ack+int64(s.window)), true
	}
}
