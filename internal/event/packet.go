package event

import (
	"net/netip"
	"slices"
	"strings"
)

// A PacketHeader is what a capture says of a TCP packet (RFC 9293 section 3.1).
type PacketHeader struct {
	Number int    `json:"packet"` // its place in the capture, from 1, other packets counted too
	Seq    uint32 `json:"seq"`
	Ack    uint32 `json:"ack"`
	Flags  string `json:"flags"` // such as "SYN ACK"
	Window int    `json:"win"`   // in bytes, scaled if the handshake is in the capture

	// Captured is how many of the segment's bytes the capture has: fewer than its Span if a snap length cut it.
	Captured int `json:"captured"`

	// Marks are what is not as usual about the packet.
	Marks []Mark `json:"marks,omitempty"`
}

// Ends are the addresses of a connection's two ends. Guessed says that its SYN is not in the capture, so that who is
// the client was concluded from other things.
type Ends struct {
	Client  netip.AddrPort `json:"client"`
	Server  netip.AddrPort `json:"server"`
	Guessed bool           `json:"guessed,omitempty"`
}

// A Mark says what is not as usual about a packet.
type Mark string

const (
	Retransmission Mark = "retransmission" // all of its bytes were there before
	Overlap        Mark = "overlap"        // some of its bytes were there before
	OutOfOrder     Mark = "out of order"   // it came after bytes that follow it
	Ahead          Mark = "ahead"          // bytes before it are missing so far
	KeepAlive      Mark = "keepalive"      // a probe, one byte back: it asks for an ACK
	KeepAliveACK   Mark = "keepalive ACK"  // the answer to one
	ZeroWindow     Mark = "zero window"    // its sender has no room for more bytes
	WindowProbe    Mark = "window probe"   // a byte sent against a zero window
	WindowUpdate   Mark = "window update"  // its sender has room again
	DuplicateACK   Mark = "duplicate ACK"  // the same ACK again, with nothing new
	Cut            Mark = "cut"            // the capture has only its first bytes: a snap length cut it
	Unseen         Mark = "unseen"         // it acknowledges bytes beyond the newest in the capture
	Unplaced       Mark = "unplaced"       // offset 0 is its first byte: where the stream begins is not in the capture
	Outside        Mark = "outside"        // its numbers fit no part of the stream: it is counted, but ignored
)

// The names of the flags that Flags may have.
const (
	FIN = "FIN"
	SYN = "SYN"
	RST = "RST"
)

// Has says whether the packet has that flag.
func (h *PacketHeader) Has(flag string) bool {
	return h != nil && slices.Contains(strings.Fields(h.Flags), flag)
}
