package capture

import (
	"strings"

	"echolab/internal/text"
)

// A Reason is why a packet is skipped.
type Reason int

const (
	none Reason = iota // it is not
	UDP
	OtherIP // neither TCP nor UDP
	NotIP
	Fragment  // a part of an IP packet with TCP in it. They are not put together again: their bytes are missing
	Cut       // by a snap length, before the end of its headers. The options of TCP may be missing
	Malformed // its headers contradict each other
	reasons   // how many there are
)

var nouns = [reasons][2]string{
	UDP:       {"UDP packet", "UDP packets"},
	OtherIP:   {"packet of another protocol over IP", "packets of other protocols over IP"},
	NotIP:     {"packet that is not IP", "packets that are not IP"},
	Fragment:  {"IP fragment", "IP fragments"},
	Cut:       {"packet cut before the end of its headers", "packets cut before the end of their headers"},
	Malformed: {"malformed packet", "malformed packets"},
}

// Skipped counts the packets of a capture that were skipped, by the reason.
type Skipped [reasons]int

// Total is the number of all of them.
func (s Skipped) Total() (n int) {
	for _, count := range s {
		n += count
	}
	return n
}

// String lists what there is, such as "12 UDP packets, 1 packet cut before the end of its headers".
func (s Skipped) String() string {
	var parts []string
	for why, count := range s {
		if count > 0 {
			parts = append(parts, text.Count(count, nouns[why][0], nouns[why][1]))
		}
	}
	if len(parts) == 0 {
		return "no packets"
	}
	return strings.Join(parts, ", ")
}
