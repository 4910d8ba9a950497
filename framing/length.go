package framing

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// LengthPrefix puts the length of a message before it, the prefix itself not counted. It carries any bytes. The zero value
// has four bytes, big endian.
type LengthPrefix struct {
	Width  int  // bytes of the prefix: 1, 2, 4 or 8; 4 if 0. Other widths are errors of Append and Read
	Little bool // little endian, least significant byte first
	// Varint is a prefix of 1 to 10 bytes with 7 bits of the length in each, the least significant first, as of Protocol
	// Buffers and encoding/binary. One that is longer than it need be, or has more than 64 bits, is an error.
	Varint bool
}

// widths are the fixed prefixes, by their names.
var widths = map[string]LengthPrefix{
	"u8": {Width: 1}, "u16": {Width: 2}, "u32": {}, "u64": {Width: 8},
	"u16le": {Width: 2, Little: true}, "u32le": {Width: 4, Little: true}, "u64le": {Width: 8, Little: true},
	"varint": {Varint: true},
}

// parseLength returns the LengthPrefix of a name such as u16le.
func parseLength(name string) (Codec, error) {
	c, ok := widths[name]
	if !ok {
		return nil, fmt.Errorf("codec %q: the length must be %s",
			"length="+name, Kinds)
	}
	return c, nil
}

// String is the name that Parse takes.
func (c LengthPrefix) String() string {
	name := fmt.Sprintf("length=u%d", 8*c.width())
	switch {
	case c.Varint:
		return "length=varint"
	case c.Little && c.width() > 1:
		return name + "le"
	case c.width() == 4:
		return "length"
	}
	return name
}

func (c LengthPrefix) width() int {
	if c.Width == 0 {
		return 4
	}
	return c.Width
}

func (c LengthPrefix) order() interface {
	binary.ByteOrder
	binary.AppendByteOrder
} {
	if c.Little {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// Append appends the length and msg. It cannot carry a message whose length does not fit the prefix.
func (c LengthPrefix) Append(dst, msg []byte) ([]byte, error) {
	if err := c.check(); err != nil {
		return dst, err
	}
	length := uint64(len(msg))
	if !c.Varint && c.width() < 8 && length>>(8*c.width()) != 0 {
		return dst, fmt.Errorf("%v: %w: %d bytes do not fit a prefix of %d", c, ErrUnframable, length, c.width())
	}
	switch width := c.width(); {
	case c.Varint:
		dst = binary.AppendUvarint(dst, length)
	case width == 1:
		dst = append(dst, byte(length))
	case width == 2:
		dst = c.order().AppendUint16(dst, uint16(length))
	case width == 4:
		dst = c.order().AppendUint32(dst, uint32(length))
	default:
		dst = c.order().AppendUint64(dst, length)
	}
	return append(dst, msg...), nil
}

// check returns an error for a width that there is not.
func (c LengthPrefix) check() error {
	switch c.width() {
	case 1, 2, 4, 8:
		return nil
	}
	return fmt.Errorf("length: a prefix has 1, 2, 4 or 8 bytes, not %d", c.Width)
}

var errVarint = errors.New("length=varint: the prefix is longer than it need be, or has more than 64 bits")

// prefix reads the prefix that b begins with. Its size is 0 if b has not all of it.
func (c LengthPrefix) prefix(b []byte) (length uint64, size int, err error) {
	if c.Varint {
		length, size = binary.Uvarint(b)
		if size < 0 || size > 1 && b[size-1] == 0 || size == 0 && len(b) >= binary.MaxVarintLen64 {
			return 0, 0, errVarint
		}
		return length, size, nil
	}
	if size = c.width(); len(b) < size {
		return 0, 0, nil
	}
	switch size {
	case 1:
		length = uint64(b[0])
	case 2:
		length = uint64(c.order().Uint16(b))
	case 4:
		length = uint64(c.order().Uint32(b))
	default:
		length = c.order().Uint64(b)
	}
	return length, size, nil
}

// Read returns the bytes after the next length.
func (c LengthPrefix) Read(r *bufio.Reader, max int) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	least := c.width()
	if c.Varint {
		least = 1
	}
	for n := least; ; n++ {
		b, err := peekHeader(r, n)
		if err != nil {
			return nil, err
		}
		length, size, err := c.prefix(b)
		switch {
		case err != nil:
			return nil, err
		case size == 0:
			continue
		}
		if err := checkSize(length, max); err != nil {
			err.Prefix = string(b)
			return nil, err
		}
		if _, err := r.Discard(size); err != nil {
			return nil, err
		}
		return take(r, int(length))
	}
}

// Enough says whether b has the prefix, and either as many bytes after it as the prefix says or a prefix that is refused.
func (c LengthPrefix) Enough(b []byte, _, limit int) bool {
	if c.check() != nil {
		return true
	}
	length, size, err := c.prefix(b)
	switch {
	case err != nil:
		return true
	case size == 0:
		return false
	}
	return uint64(len(b)-size) >= length || length > uint64(max(limit, 0))
}

// claim shows the bytes that were taken for a length: perhaps they are none.
func claim(prefix string) string {
	if prefix == "" {
		return ""
	}
	printable := !strings.ContainsFunc(prefix, func(r rune) bool { return r < ' ' || r > '~' })
	if printable && len(prefix) > 1 {
		return fmt.Sprintf(" (0x%x, %q: is there a length at all?)", prefix, prefix)
	}
	return fmt.Sprintf(" (0x%x)", prefix)
}
