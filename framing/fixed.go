package framing

import (
	"bufio"
	"fmt"
)

// Fixed gives every message the same size, in bytes; it must be 1 or more. Nothing is added: both ends count.
type Fixed int

func (size Fixed) String() string { return fmt.Sprintf("fixed=%d", int(size)) }

// Append appends msg as it is. It cannot carry a message of another size.
func (size Fixed) Append(dst, msg []byte) ([]byte, error) {
	if size < 1 || len(msg) != int(size) {
		return dst, fmt.Errorf("%v: %w: it has %d bytes, and all must have %d", size, ErrUnframable, len(msg), int(size))
	}
	return append(dst, msg...), nil
}

// Read returns the next size bytes.
func (size Fixed) Read(r *bufio.Reader, max int) ([]byte, error) {
	if size < 1 {
		return nil, fmt.Errorf("%v: a fixed size must be 1 byte or more", size)
	}
	if _, err := peekHeader(r, 1); err != nil {
		return nil, err
	}
	if err := checkSize(uint64(size), max); err != nil {
		return nil, err
	}
	return take(r, int(size))
}

// Enough says whether b has that many bytes, or none could be allowed.
func (size Fixed) Enough(b []byte, _, max int) bool { return len(b) >= int(size) || int(size) > max }

// SizeOf returns the size in bytes that every message of c has; ok is false if they may differ.
func SizeOf(c Codec) (size int, ok bool) {
	fixed, ok := c.(Fixed)
	return int(fixed), ok
}
