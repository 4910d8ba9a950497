package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// The types of the blocks that matter here (draft-ietf-opsawg-pcapng section 4). All others are passed over.
const (
	sectionHeader        = 0x0a0d0d0a // reads the same in both byte orders
	interfaceDescription = 1
	packetBlock          = 2 // obsolete
	simplePacket         = 3
	enhancedPacket       = 6
)

const (
	byteOrderMagic = 0x1a2b3c4d
	maxInterfaces  = 1 << 16 // of a section: more are no sign of a capture
)

// A pcapng is a file of Wireshark's format: blocks of many types, in sections that each have interfaces of their own.
type pcapng struct {
	*source
	order      binary.ByteOrder // of the section
	interfaces []iface          // of the section
	read       int64            // the length of the block that was read last; it is passed when the next is asked for
}

// An iface is a network interface. Its clock ticks rate times a second and counts from offset, in Unix seconds.
type iface struct {
	link   layers.LinkType
	snap   uint32 // 0 for no limit
	rate   uint64
	offset int64
}

func newPcapng(s *source) (*pcapng, error) {
	p := &pcapng{source: s, order: binary.LittleEndian}
	_, b, err := p.block()
	if err == nil {
		err = p.section(b)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (p *pcapng) next(rec *record) error {
	for {
		kind, b, err := p.block()
		if err != nil {
			return err
		}
		switch kind {
		case enhancedPacket, packetBlock:
			return p.timed(kind, b, rec)
		case simplePacket:
			return p.simple(b, rec)
		case interfaceDescription:
			err = p.describe(b)
		case sectionHeader:
			err = p.section(b)
		}
		if err != nil {
			return err
		}
	}
}

// block reads the next block. It returns its type and what is between its two lengths; nothing of a block of another
// type than the ones above.
func (p *pcapng) block() (kind uint32, body []byte, err error) {
	const header, trailer = 8, 4
	if err := p.pass(p.read); err != nil {
		return 0, nil, ends(err)
	}
	p.read = 0
	b, err := p.peek(header)
	if err != nil {
		return 0, nil, ends(err)
	}
	kind = p.order.Uint32(b)
	if kind == sectionHeader {
		if b, err = p.peek(header + 4); err != nil {
			return 0, nil, ends(err)
		}
		if p.order, err = orderOf(b[header:]); err != nil {
			return 0, nil, err
		}
	}
	n := p.order.Uint32(b[4:])
	if n < header+trailer || n%4 != 0 {
		return 0, nil, fmt.Errorf("the capture is damaged: a block of %d bytes", n)
	}
	p.read = int64(n)
	if !known(kind) {
		return kind, nil, nil
	}
	if n > maxBlock {
		return 0, nil, fmt.Errorf("the capture is damaged: a block of %d bytes, and %d is the most", n, maxBlock)
	}
	if b, err = p.peek(int(n)); err != nil {
		return 0, nil, ends(err)
	}
	if again := p.order.Uint32(b[n-trailer:]); again != n {
		return 0, nil, fmt.Errorf("the capture is damaged: a block of %d bytes that ends with the length %d", n, again)
	}
	return kind, b[header : n-trailer], nil
}

func known(kind uint32) bool {
	switch kind {
	case sectionHeader, interfaceDescription, packetBlock, simplePacket, enhancedPacket:
		return true
	}
	return false
}

// ends says where the capture ends, unless that is between two blocks.
func ends(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the capture ends inside a block: %w", err)
	}
	return err
}

func orderOf(magic []byte) (binary.ByteOrder, error) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if order.Uint32(magic) == byteOrderMagic {
			return order, nil
		}
	}
	return nil, fmt.Errorf("the capture is damaged: a section whose byte order is %x", magic)
}

// section begins a section, which has no interfaces yet.
func (p *pcapng) section(b []byte) error {
	if len(b) < 16 {
		return errors.New("the capture is damaged: a section header that is too short")
	}
	if major := p.order.Uint16(b[4:]); major != 1 {
		return fmt.Errorf("a section has pcapng version %d.%d; only 1.0 is supported", major, p.order.Uint16(b[6:]))
	}
	p.interfaces = p.interfaces[:0]
	return nil
}

// describe adds an interface.
func (p *pcapng) describe(b []byte) error {
	const header = 8
	if len(b) < header {
		return errors.New("the capture is damaged: an interface description that is too short")
	}
	if len(p.interfaces) == maxInterfaces {
		return fmt.Errorf("the capture is damaged: more than %d interfaces", maxInterfaces)
	}
	i := iface{link: layers.LinkType(p.order.Uint16(b)), snap: p.order.Uint32(b[4:]), rate: 1e6}
	for b = b[header:]; len(b) >= 4; {
		code, n := p.order.Uint16(b), int(p.order.Uint16(b[2:]))
		padded := 4 + (n+3)/4*4
		if padded > len(b) {
			return errors.New("the capture is damaged: an option that is longer than its interface description")
		}
		if err := i.option(code, b[4:4+n], p.order); err != nil {
			return err
		}
		b = b[padded:]
	}
	p.interfaces = append(p.interfaces, i)
	return nil
}

// option takes an option of an interface, if it matters for the time of a packet.
func (i *iface) option(code uint16, value []byte, order binary.ByteOrder) error {
	const resolution, offset = 9, 14
	switch {
	case code == resolution && len(value) == 1:
		exponent := int(value[0] & 0x7f)
		base := uint64(10)
		if value[0]&0x80 != 0 {
			base = 2
		}
		i.rate = 1
		for range exponent {
			high, low := bits.Mul64(i.rate, base)
			if high != 0 {
				return fmt.Errorf("an interface counts its time in units of %d^-%d s: too fine", base, exponent)
			}
			i.rate = low
		}
	case code == offset && len(value) == 8:
		i.offset = int64(order.Uint64(value))
	}
	return nil
}

// time is when the interface's clock showed that many ticks; the zero time if no year has four digits then.
func (i *iface) time(ticks uint64) time.Time {
	const last = 253402300799 // the end of the year 9999
	seconds, rest := ticks/i.rate, ticks%i.rate
	if seconds > 2*last || i.offset > last || i.offset < -2*last {
		return time.Time{}
	}
	at := int64(seconds) + i.offset
	if at < 0 || at > last {
		return time.Time{}
	}
	high, low := bits.Mul64(rest, 1e9)
	nanoseconds, _ := bits.Div64(high, low, i.rate) // rest < rate, so the quotient is less than a second
	return time.Unix(at, int64(nanoseconds)).UTC()
}
