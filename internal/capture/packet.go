package capture

import (
	"net/netip"
	"strings"
	"time"
)

// A Packet is a TCP packet of a capture. It is valid until the next one is read.
type Packet struct {
	Number   int       // its place in the capture, from 1, with the packets that are not TCP counted too
	Time     time.Time // in UTC; the zero time if the capture has none, or an impossible one
	Src, Dst netip.AddrPort
	Seq, Ack uint32
	Flags    Flags
	Window   uint16 // as in the header, not scaled

	MSS         int  // the option of that name; 0 if there is none
	WindowScale int  // the option of that name; -1 if there is none
	OptionsCut  bool // the capture does not have all of its options: those that seem not to be there may have been cut

	Payload []byte // as much of it as the capture has
	Length  int    // of the payload on the wire: more than Payload has if a snap length cut the packet
}

// Flags are the control bits of a TCP header (RFC 9293 section 3.1).
type Flags uint8

const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// String names the flags that are set, such as "SYN ACK" or "PSH ACK". It is empty if there are none.
func (f Flags) String() string {
	switch f {
	case ACK: // nearly all packets
		return "ACK"
	case PSH | ACK:
		return "PSH ACK"
	}
	var names []string
	for _, flag := range []struct {
		bit  Flags
		name string
	}{
		{SYN, "SYN"}, {FIN, "FIN"}, {RST, "RST"}, {PSH, "PSH"}, {URG, "URG"}, {ECE, "ECE"}, {CWR, "CWR"}, {ACK, "ACK"},
	} {
		if f&flag.bit != 0 {
			names = append(names, flag.name)
		}
	}
	return strings.Join(names, " ")
}
