package capture

import (
	"encoding/binary"
	"fmt"

	"github.com/gopacket/gopacket/layers"
)

// Raw IP has other numbers where a platform's own got into a file: 12 in most places, 14 on OpenBSD.
const (
	linkTypeRaw12 layers.LinkType = 12
	linkTypeRaw14 layers.LinkType = 14
)

// readable is an error if packets of a link type cannot be read.
func readable(link layers.LinkType) error {
	switch link {
	case layers.LinkTypeEthernet, layers.LinkTypeLinuxSLL, layers.LinkTypeLinuxSLL2, layers.LinkTypeNull,
		layers.LinkTypeLoop, layers.LinkTypeRaw, linkTypeRaw12, linkTypeRaw14, layers.LinkTypeIPv4, layers.LinkTypeIPv6:
		return nil
	}
	name := ""
	if s := link.String(); s != "UnknownLinkType" {
		name = ", " + s
	}
	return fmt.Errorf("has link type %d%s; supported are Ethernet, Linux cooked, BSD loopback and raw IP", link, name)
}

// A view is a packet from one of its headers on.
type view struct {
	b    []byte // what was captured of it
	wire int    // how long it was on the wire, at least len(b)
}

// from is what follows the first n bytes, which are there.
func (v view) from(n int) view { return view{v.b[n:], v.wire - n} }

// ofLength is the packet cut to its first n bytes. If a header claims more than was on the wire,
// it is not believed.
func (v view) ofLength(n int) view { return view{v.b[:min(n, len(v.b))], min(n, v.wire)} }

// lacks says why the first n bytes cannot be read, if they cannot.
func (v view) lacks(n int) Reason {
	switch {
	case v.wire < n:
		return Malformed
	case len(v.b) < n:
		return Cut
	}
	return none
}

// network finds the IP header, which follows that of the link.
func network(link layers.LinkType, v view) (view, Reason) {
	switch link {
	case layers.LinkTypeEthernet:
		return tagged(v, 12, 14)
	case layers.LinkTypeLinuxSLL:
		return tagged(v, 14, 16)
	case layers.LinkTypeLinuxSLL2:
		return tagged(v, 0, 20)
	case layers.LinkTypeNull, layers.LinkTypeLoop:
		return family(v)
	}
	return v, none
}

// tagged passes a header of size bytes that has an EtherType at a place, and the 802.1Q tags that follow.
func tagged(v view, place, size int) (view, Reason) {
	for {
		if s := v.lacks(size); s != none {
			return v, s
		}
		kind := layers.EthernetType(binary.BigEndian.Uint16(v.b[place:]))
		v = v.from(size)
		switch kind {
		case layers.EthernetTypeIPv4, layers.EthernetTypeIPv6:
			return v, none
		case layers.EthernetTypeDot1Q, layers.EthernetTypeQinQ, 0x9100: // the last is QinQ from before it had a number
			place, size = 2, 4
		default:
			return v, NotIP
		}
	}
}

// family passes the header of a BSD loopback: the number of a protocol family, in the byte order of the host for NULL
// and that of the network for LOOP. IPv6 has another number on each system.
func family(v view) (view, Reason) {
	if s := v.lacks(4); s != none {
		return v, s
	}
	n := binary.LittleEndian.Uint32(v.b)
	if n > 0xffff {
		n = binary.BigEndian.Uint32(v.b)
	}
	switch n {
	case 2, 10, 24, 28, 30:
		return v.from(4), none
	}
	return v, NotIP
}
