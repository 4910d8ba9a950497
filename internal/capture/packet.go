package capture

import (
	"net/netip"
	"time"
)

// A Packet is a TCP packet of a capture. It is valid until the next one is read.
type Packet struct {
	Number   int // its place in the capture, from 1, with the packets that are not TCP counted too
	Time     time.Time
	Src, Dst netip.AddrPort
	Seq, Ack uint32
	Flags    Flags
	Window   uint16 // as in the header, not scaled

	MSS         int  // the option of that name; 0 if there is none
	WindowScale int  // the option of that name; -1 if there is none
	SACK        bool // selective acknowledgements are permitted

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
