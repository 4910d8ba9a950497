package capturetest

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"echolab/internal/capture"
)

// An Order is the byte order of the machine that writes a file: binary.LittleEndian or binary.BigEndian.
type Order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// Pcap returns a pcap file of packets: little endian, with times in nanoseconds. The numbers of the packets are not
// looked at.
func Pcap(t testing.TB, link layers.LinkType, packets []*capture.Packet) []byte {
	t.Helper()
	file := PcapHeader(binary.LittleEndian, time.Nanosecond, link)
	for _, p := range packets {
		frame, captured := Frame(t, link, p)
		file = append(file, PcapRecord(binary.LittleEndian, time.Nanosecond, p.Time, frame[:captured], len(frame))...)
	}
	return file
}

// PcapHeader is how a pcap file begins. The unit of its times is a microsecond or a nanosecond.
func PcapHeader(order Order, unit time.Duration, link layers.LinkType) []byte {
	magic := uint32(0xa1b2c3d4)
	if unit == time.Nanosecond {
		magic = 0xa1b23c4d
	}
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, 262144)
	return order.AppendUint32(b, uint32(link))
}

// PcapRecord is a packet of a pcap file: what was captured of it, and how long it was on the wire.
func PcapRecord(order Order, unit time.Duration, at time.Time, data []byte, length int) []byte {
	b := order.AppendUint32(nil, uint32(at.Unix()))
	b = order.AppendUint32(b, uint32(at.Nanosecond()/int(unit)))
	b = order.AppendUint32(b, uint32(len(data)))
	b = order.AppendUint32(b, uint32(length))
	return append(b, data...)
}
