package framingtest

import (
	"io"
	"slices"
)

// checkRoundTrip reads every message alone, through buffers that are smaller and larger than it.
func (s *suite) checkRoundTrip() {
	for _, m := range s.samples {
		for _, size := range buffers(len(m.frame)) {
			src := &source{data: m.frame, end: io.EOF}
			w := newWire(src, inOneRead, size, scene{what: m.name})
			if _, ok := s.expect(roundTrip, w, len(m.msg), m.msg); ok {
				s.expectEnd(w, len(m.msg))
			}
		}
	}
}

// checkDelivery reads messages that arrive in pieces.
func (s *suite) checkDelivery() {
	for _, m := range slices.Concat(s.short, s.long) {
		for _, by := range ways[1:] {
			for _, size := range fewBuffers(len(m.frame)) {
				src := &source{data: m.frame, end: io.EOF}
				w := newWire(src, by, size, scene{what: m.name})
				if _, ok := s.expect(delivery, w, len(m.msg), m.msg); ok {
					s.expectEnd(w, len(m.msg))
				}
			}
		}
	}
}
