package framing

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
)

// LengthPrefix puts the length of a message before it: four bytes, big endian, the prefix itself not counted. It
// carries any bytes.
type LengthPrefix struct{}

const prefixSize = 4

func (LengthPrefix) String() string { return "length" }

// Append appends the length and msg. It cannot carry a message of 4 GiB or more.
func (LengthPrefix) Append(dst, msg []byte) ([]byte, error) {
	if uint64(len(msg)) > math.MaxUint32 {
		return dst, fmt.Errorf("length: %w: %d bytes do not fit a prefix of 4 bytes", ErrUnframable, len(msg))
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(msg)))
	return append(dst, msg...), nil
}

// Read returns the bytes after the next length.
func (LengthPrefix) Read(r *bufio.Reader, max int) ([]byte, error) {
	prefix, err := peekHeader(r, prefixSize)
	if err != nil {
		return nil, err
	}
	length := uint64(binary.BigEndian.Uint32(prefix))
	if err := checkSize(length, max); err != nil {
		return nil, err
	}
	if _, err := r.Discard(prefixSize); err != nil {
		return nil, err
	}
	return take(r, int(length))
}

// Enough says whether b has the prefix, and either as many bytes after it as the prefix says or a prefix over the limit.
func (LengthPrefix) Enough(b []byte, _, limit int) bool {
	if len(b) < prefixSize {
		return false
	}
	length := int64(binary.BigEndian.Uint32(b))
	return int64(len(b)-prefixSize) >= length || length > int64(max(limit, 0))
}
