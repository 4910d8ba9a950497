package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// The first four bytes of a pcap file, in the byte order of the machine that wrote it.
const (
	magicMicroseconds = 0xa1b2c3d4
	magicNanoseconds  = 0xa1b23c4d
)

// A pcap is a file of the format that libpcap made (draft-ietf-opsawg-pcap).
type pcap struct {
	*source
	order binary.ByteOrder
	unit  time.Duration // of the fractions of a second
	link  layers.LinkType
	read  int64 // the length of the record that was read last; it is passed when the next is asked for
}

func newPcap(s *source, order binary.ByteOrder, unit time.Duration) (*pcap, error) {
	const size = 24
	b, err := s.peek(size)
	if err != nil {
		return nil, fmt.Errorf("the capture ends inside its header: %w", err)
	}
	if major := order.Uint16(b[4:]); major != 2 {
		return nil, fmt.Errorf("the capture has pcap version %d.%d; only 2.4 is supported", major, order.Uint16(b[6:]))
	}
	// The upper bits are for the length of a checksum after each frame. IP's length leaves that out anyway.
	link := layers.LinkType(order.Uint32(b[20:]) & 0xffff)
	if err := readable(link); err != nil {
		return nil, fmt.Errorf("the capture %w", err)
	}
	return &pcap{source: s, order: order, unit: unit, link: link, read: size}, nil
}

func (p *pcap) next(rec *record) error {
	const header = 16
	if err := p.pass(p.read); err != nil {
		return err
	}
	p.read = 0
	b, err := p.peek(header)
	if err == nil {
		var n int
		if n, err = believed(p.order.Uint32(b[8:])); err != nil {
			return err
		}
		b, err = p.peek(header + n)
	}
	switch {
	case err == io.EOF:
		return err
	case err != nil:
		return fmt.Errorf("the capture ends inside a packet: %w", err)
	}
	p.read = int64(len(b))
	fraction := time.Duration(p.order.Uint32(b[4:])) * p.unit
	rec.time = time.Unix(int64(p.order.Uint32(b)), int64(fraction)).UTC()
	rec.link = p.link
	rec.hold(b[header:], p.order.Uint32(b[12:]))
	return nil
}

// believed is the length of what was captured of a packet, if it can be that.
func believed(n uint32) (int, error) {
	if n > maxPacket {
		return 0, fmt.Errorf("the capture is damaged: a packet of %d bytes, and %d is the most", n, maxPacket)
	}
	return int(n), nil
}

// hold takes what was captured of a packet that was length bytes long on the wire. What a capture has beyond that was
// not part of the packet.
func (r *record) hold(data []byte, length uint32) {
	r.length = int(min(length, 1<<30)) // an int may have 32 bits, and no packet is as long
	r.data = data[:min(len(data), r.length)]
}
