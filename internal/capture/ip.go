package capture

import (
	"encoding/binary"
	"net/netip"

	"github.com/gopacket/gopacket/layers"
)

// An ipHeader is what is of interest in the headers of an IP packet.
type ipHeader struct {
	src, dst netip.Addr
	protocol layers.IPProtocol
	fragment bool
}

// ip reads the headers of an IP packet and returns what follows them. The header says where the packet ends; padding or
// a checksum may come after it. Where it gives a length of 0, the packet was captured before hardware or a driver
// segmented it, and may be longer than IP can say: then it ends where the link's bytes end.
func ip(v view) (ipHeader, view, Reason) {
	if s := v.lacks(1); s != none {
		return ipHeader{}, v, s
	}
	switch v.b[0] >> 4 {
	case 4:
		return ipv4(v)
	case 6:
		return ipv6(v)
	}
	return ipHeader{}, v, NotIP
}

// ipv4 is for RFC 791 section 3.1.
func ipv4(v view) (h ipHeader, _ view, _ Reason) {
	if s := v.lacks(20); s != none {
		return h, v, s
	}
	if length := int(binary.BigEndian.Uint16(v.b[2:])); length > 0 {
		v = v.ofLength(length)
	}
	size := int(v.b[0]&0xf) * 4
	if size < 20 {
		return h, v, Malformed
	}
	if s := v.lacks(size); s != none {
		return h, v, s
	}
	h.src = netip.AddrFrom4([4]byte(v.b[12:16]))
	h.dst = netip.AddrFrom4([4]byte(v.b[16:20]))
	h.protocol = layers.IPProtocol(v.b[9])
	h.fragment = binary.BigEndian.Uint16(v.b[6:])&0x3fff != 0 // an offset, or more of them to come
	return h, v.from(size), none
}

// ipv6 is for RFC 8200 sections 3 and 4.
func ipv6(v view) (h ipHeader, _ view, _ Reason) {
	const size = 40
	if s := v.lacks(size); s != none {
		return h, v, s
	}
	h.src = netip.AddrFrom16([16]byte(v.b[8:24]))
	h.dst = netip.AddrFrom16([16]byte(v.b[24:40]))
	h.protocol = layers.IPProtocol(v.b[6])
	if length := int(binary.BigEndian.Uint16(v.b[4:])); length > 0 {
		v = v.ofLength(size + length)
	}
	v = v.from(size)
	for extension(h.protocol) && !h.fragment {
		if s := v.lacks(8); s != none {
			return h, v, s
		}
		size := 8 + int(v.b[1])*8
		switch h.protocol {
		case layers.IPProtocolAH: // RFC 4302 section 2.2
			size = 8 + int(v.b[1])*4
		case layers.IPProtocolIPv6Fragment:
			size = 8
			h.fragment = binary.BigEndian.Uint16(v.b[2:])&0xfff9 != 0 // an offset, or more of them to come
		}
		h.protocol = layers.IPProtocol(v.b[0])
		if s := v.lacks(size); s != none {
			return h, v, s
		}
		v = v.from(size)
	}
	return h, v, none
}

// extension says whether it is an extension header of IPv6 that a number stands for.
func extension(p layers.IPProtocol) bool {
	switch p {
	case layers.IPProtocolIPv6HopByHop, layers.IPProtocolIPv6Routing, layers.IPProtocolIPv6Fragment,
		layers.IPProtocolIPv6Destination, layers.IPProtocolAH:
		return true
	}
	return false
}
