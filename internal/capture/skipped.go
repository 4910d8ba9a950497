package capture

import (
	"strings"

	"echolab/internal/text"
)

// Skipped counts the packets of a capture that were skipped.
type Skipped struct {
	NotIP     int
	UDP       int
	OtherIP   int // neither TCP nor UDP
	Fragments int // parts of an IP packet with TCP in it. They are not put together again: their bytes are missing
	Cut       int // by a snap length, before the end of their headers. The options of TCP may be missing
	Malformed int // their headers contradict each other
}

// skip is why a packet is passed over.
type skip int

const (
	none skip = iota // it is not
	notIP
	udp
	otherIP
	fragment
	cut
	malformed
)

func (s *Skipped) add(why skip) {
	switch why {
	case notIP:
		s.NotIP++
	case udp:
		s.UDP++
	case otherIP:
		s.OtherIP++
	case fragment:
		s.Fragments++
	case cut:
		s.Cut++
	case malformed:
		s.Malformed++
	}
}

// Total is the number of all of them.
func (s Skipped) Total() int {
	return s.NotIP + s.UDP + s.OtherIP + s.Fragments + s.Cut + s.Malformed
}

// String lists what there is, such as "12 UDP packets, 1 packet cut before the end of its headers".
func (s Skipped) String() string {
	var parts []string
	for _, c := range []struct {
		n            int
		one, several string
	}{
		{s.UDP, "UDP packet", "UDP packets"},
		{s.OtherIP, "packet of another protocol over IP", "packets of other protocols over IP"},
		{s.NotIP, "packet that is not IP", "packets that are not IP"},
		{s.Fragments, "IP fragment", "IP fragments"},
		{s.Cut, "packet cut before the end of its headers", "packets cut before the end of their headers"},
		{s.Malformed, "malformed packet", "malformed packets"},
	} {
		if c.n > 0 {
			parts = append(parts, text.Count(c.n, c.one, c.several))
		}
	}
	if len(parts) == 0 {
		return "no packets"
	}
	return strings.Join(parts, ", ")
}
