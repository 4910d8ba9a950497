package capturetest

import (
	"encoding/binary"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
)

// Frame returns a packet as it crosses a link: Ethernet, Linux cooked (both versions), BSD loopback or raw IP. It has
// all of the payload's Length, with zeros for what the packet lacks; captured says how much of it a capture has whose
// snap length cut the packet.
func Frame(t testing.TB, link layers.LinkType, p *capture.Packet) (frame []byte, captured int) {
	t.Helper()
	require.LessOrEqual(t, len(p.Payload), p.Length, "a payload that is longer than it was on the wire")
	tcp := segment(p)
	var network gopacket.SerializableLayer
	kind := layers.EthernetTypeIPv4
	switch src, dst := p.Src.Addr(), p.Dst.Addr(); {
	case src.Is4():
		ip := &layers.IPv4{
			Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: src.AsSlice(), DstIP: dst.AsSlice(),
		}
		require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
		network = ip
	default:
		kind = layers.EthernetTypeIPv6
		ip := &layers.IPv6{
			Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: src.AsSlice(), DstIP: dst.AsSlice(),
		}
		require.NoError(t, tcp.SetNetworkLayerForChecksum(ip))
		network = ip
	}
	payload := make(gopacket.Payload, p.Length)
	copy(payload, p.Payload)
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	require.NoError(t, gopacket.SerializeLayers(buffer, options, header(t, link, kind), network, tcp, payload))
	frame = buffer.Bytes()
	return frame, len(frame) - p.Length + len(p.Payload)
}

// segment is the TCP header of a packet.
func segment(p *capture.Packet) *layers.TCP {
	has := func(f capture.Flags) bool { return p.Flags&f != 0 }
	t := &layers.TCP{
		SrcPort: layers.TCPPort(p.Src.Port()), DstPort: layers.TCPPort(p.Dst.Port()),
		Seq: p.Seq, Ack: p.Ack, Window: p.Window,
		FIN: has(capture.FIN), SYN: has(capture.SYN), RST: has(capture.RST), PSH: has(capture.PSH),
		ACK: has(capture.ACK), URG: has(capture.URG), ECE: has(capture.ECE), CWR: has(capture.CWR),
	}
	add := func(kind layers.TCPOptionKind, value ...byte) {
		t.Options = append(t.Options, layers.TCPOption{OptionType: kind, OptionData: value})
	}
	if p.MSS > 0 {
		add(layers.TCPOptionKindMSS, byte(p.MSS>>8), byte(p.MSS))
	}
	if has(capture.SYN) { // an option that is not read, between two that are
		add(layers.TCPOptionKindSACKPermitted)
	}
	if p.WindowScale >= 0 {
		add(layers.TCPOptionKindWindowScale, byte(p.WindowScale))
	}
	return t
}

// header is what a link puts in front of IP.
func header(t testing.TB, link layers.LinkType, kind layers.EthernetType) gopacket.SerializableLayer {
	t.Helper()
	client, server := []byte{2, 0, 0, 0, 0, 1}, []byte{2, 0, 0, 0, 0, 2} // locally administered
	switch link {
	case layers.LinkTypeEthernet:
		return &layers.Ethernet{SrcMAC: client, DstMAC: server, EthernetType: kind}
	case layers.LinkTypeLinuxSLL:
		b := make(gopacket.Payload, 16)
		copy(b, []byte{0, 0, 0, 1, 0, 6}) // to this host, from an Ethernet address of 6 bytes
		copy(b[6:], client)
		binary.BigEndian.PutUint16(b[14:], uint16(kind))
		return b
	case layers.LinkTypeLinuxSLL2:
		b := make(gopacket.Payload, 20)
		binary.BigEndian.PutUint16(b, uint16(kind))
		copy(b[4:], []byte{0, 0, 0, 1, 0, 1, 0, 6}) // interface 1, Ethernet, to this host, an address of 6 bytes
		copy(b[12:], client)
		return b
	case layers.LinkTypeNull, layers.LinkTypeLoop:
		b := make(gopacket.Payload, 4)
		family := uint32(2)
		if kind == layers.EthernetTypeIPv6 {
			family = 30 // on Darwin
		}
		if link == layers.LinkTypeLoop {
			binary.BigEndian.PutUint32(b, family)
		} else {
			binary.LittleEndian.PutUint32(b, family)
		}
		return b
	case 12, 14, layers.LinkTypeRaw, layers.LinkTypeIPv4, layers.LinkTypeIPv6:
		return gopacket.Payload(nil)
	}
	require.Failf(t, "no such link", "link type %d", link)
	return nil
}
