package capturetest

import (
	"encoding/binary"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"echolab/internal/capture"
)

// Pcapng returns a pcapng file of packets: little endian, one section, one interface, times in nanoseconds. The numbers
// of the packets are not looked at.
func Pcapng(t testing.TB, link layers.LinkType, packets []*capture.Packet) []byte {
	t.Helper()
	order := binary.LittleEndian
	file := Section(order)
	file = append(file, Interface(order, link, 0, Option(order, 9, 9))...) // a resolution of 10^-9 s
	for _, p := range packets {
		frame, captured := Frame(t, link, p)
		file = append(file, EnhancedPacket(order, 0, uint64(p.Time.UnixNano()), frame[:captured], len(frame))...)
	}
	return file
}

// Block is a block of a pcapng file, padded to a multiple of four bytes.
func Block(order Order, kind uint32, body []byte) []byte {
	padding := (4 - len(body)%4) % 4
	length := uint32(12 + len(body) + padding)
	b := order.AppendUint32(nil, kind)
	b = order.AppendUint32(b, length)
	b = append(b, body...)
	b = append(b, make([]byte, padding)...)
	return order.AppendUint32(b, length)
}

// Section is the header of a section of unknown length.
func Section(order Order) []byte {
	b := order.AppendUint32(nil, 0x1a2b3c4d)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint64(b, ^uint64(0))
	return Block(order, 0x0a0d0d0a, b)
}

// Interface describes the next interface of a section, with a snap length (0 for none) and options. Without an option
// that says otherwise its times are in microseconds.
func Interface(order Order, link layers.LinkType, snap int, options ...[]byte) []byte {
	b := order.AppendUint16(nil, uint16(link))
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, uint32(snap))
	for _, o := range options {
		b = append(b, o...)
	}
	return Block(order, 1, b)
}

// Option is an option of a block.
func Option(order Order, code uint16, value ...byte) []byte {
	b := order.AppendUint16(nil, code)
	b = order.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	return append(b, make([]byte, (4-len(value)%4)%4)...)
}

// EnhancedPacket is a packet of an interface: what was captured of it, and how long it was on the wire. Its time is in
// units of the interface.
func EnhancedPacket(order Order, iface uint32, ticks uint64, data []byte, length int) []byte {
	b := order.AppendUint32(nil, iface)
	b = order.AppendUint32(b, uint32(ticks>>32))
	b = order.AppendUint32(b, uint32(ticks))
	b = order.AppendUint32(b, uint32(len(data)))
	b = order.AppendUint32(b, uint32(length))
	return Block(order, 6, append(b, data...))
}
