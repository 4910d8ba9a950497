package tshark

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Packet is what tshark says of a TCP packet.
type Packet struct {
	Number   int // its place in the capture, from 1
	Stream   int // the number of the connection, from 0
	Src, Dst netip.AddrPort
	Seq, Ack uint32 // as in the header
	Rel      uint32 // Seq, counted from that of the SYN; without one, from the byte in front of the first
	Flags    byte   // as in the header
	Window   int    // in bytes, scaled if the handshake is in the capture
	Len      int    // of the payload on the wire
	Payload  []byte // as much of it as the capture has
	Framed   bool   // a WebSocket frame ends in it
	Analysis        // what is not as usual about it
}

// Analysis is what tshark finds out about a packet: names of its fields, without their "tcp.analysis.".
type Analysis map[string]bool

// Any says whether one of the findings is among those of the packet.
func (a Analysis) Any(findings ...string) bool {
	for _, f := range findings {
		if a[f] {
			return true
		}
	}
	return false
}

var packetFields = []string{
	"frame.number", "tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport",
	"tcp.seq_raw", "tcp.ack_raw", "tcp.seq", "tcp.flags", "tcp.window_size", "tcp.len",
	"tcp.payload", "websocket.opcode",
}

var findings = []string{
	"retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "lost_segment",
	"ack_lost_segment", "keep_alive", "keep_alive_ack", "zero_window", "zero_window_probe", "window_update",
	"duplicate_ack", "reused_ports",
}

// Packets returns the TCP packets of a capture.
func Packets(t testing.TB, file string) (all []Packet) {
	t.Helper()
	fields := slices.Clone(packetFields)
	for _, finding := range findings {
		fields = append(fields, "tcp.analysis."+finding)
	}
	for _, values := range Fields(t, file, fields...) {
		all = append(all, packet(t, values))
	}
	return all
}

// packet makes one of the values of the packetFields and the findings.
func packet(t testing.TB, values []string) (p Packet) {
	t.Helper()
	var err error
	number := func(i, bits int) uint64 {
		if values[i] == "" {
			return 0 // there is no acknowledgement in a first SYN
		}
		n, err := strconv.ParseUint(values[i], 0, bits)
		require.NoError(t, err, packetFields[i])
		return n
	}
	address := func(v4, v6, port int) netip.AddrPort {
		addr, err := netip.ParseAddr(values[v4] + values[v6])
		require.NoError(t, err)
		return netip.AddrPortFrom(addr, uint16(number(port, 16)))
	}
	p = Packet{
		Number: int(number(0, 31)), Stream: int(number(1, 31)),
		Src: address(2, 3, 4), Dst: address(5, 6, 7),
		Seq: uint32(number(8, 32)), Ack: uint32(number(9, 32)), Rel: uint32(number(10, 32)),
		Flags: byte(number(11, 16)), Window: int(number(12, 31)), Len: int(number(13, 31)),
		Framed: values[15] != "", Analysis: make(Analysis),
	}
	p.Payload, err = hex.DecodeString(values[14])
	require.NoError(t, err)
	for i, finding := range findings {
		if values[len(packetFields)+i] != "" {
			p.Analysis[finding] = true
		}
	}
	return p
}
