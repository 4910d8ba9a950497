package capture

import (
	"errors"
	"fmt"
	"time"
)

var errShortPacket = errors.New("the capture is damaged: a packet that is longer than its block")

// timed reads the two kinds of packets with a time: an enhanced packet block, and its obsolete predecessor, in which the
// number of the interface has 16 bits, beside a count of drops.
func (p *pcapng) timed(kind uint32, b []byte, rec *record) error {
	if len(b) < 20 {
		return errShortPacket
	}
	number := p.order.Uint32(b)
	if kind == packetBlock {
		number = uint32(p.order.Uint16(b))
	}
	i, err := p.iface(number)
	if err != nil {
		return err
	}
	n, err := believed(p.order.Uint32(b[12:]))
	if err != nil {
		return err
	}
	if n > len(b)-20 {
		return errShortPacket
	}
	rec.link = i.link
	rec.time = i.time(uint64(p.order.Uint32(b[4:]))<<32 | uint64(p.order.Uint32(b[8:])))
	rec.hold(b[20:20+n], p.order.Uint32(b[16:]))
	return nil
}

// simple reads a simple packet block. It is of the first interface, and has no time.
func (p *pcapng) simple(b []byte, rec *record) error {
	if len(b) < 4 {
		return errShortPacket
	}
	i, err := p.iface(0)
	if err != nil {
		return err
	}
	length := p.order.Uint32(b)
	captured := length
	if i.snap > 0 {
		captured = min(captured, i.snap)
	}
	n, err := believed(captured)
	if err != nil {
		return err
	}
	if n > len(b)-4 {
		return errShortPacket
	}
	rec.link = i.link
	rec.time = time.Time{}
	rec.hold(b[4:4+n], length)
	return nil
}

// iface returns the interface that a packet names, if its packets can be read.
func (p *pcapng) iface(number uint32) (*iface, error) {
	if int64(number) >= int64(len(p.interfaces)) {
		return nil, fmt.Errorf("the capture is damaged: a packet of interface %d, and there are only %d",
			number, len(p.interfaces))
	}
	i := &p.interfaces[number]
	if err := readable(i.link); err != nil {
		return nil, fmt.Errorf("interface %d %w", number, err)
	}
	return i, nil
}
