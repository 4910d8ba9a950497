package framing

import "bufio"

// Raw takes one read for one message. It is no framing at all, and the mistake that this lab is about: what Read
// returns is whatever bytes had arrived, be it half a message or three. It breaks the contract of Codec, and
// framingtest says where.
type Raw struct{}

func (Raw) String() string { return "raw" }

// Append appends msg as it is.
func (Raw) Append(dst, msg []byte) ([]byte, error) { return append(dst, msg...), nil }

// Read returns what one read of the stream brought, at most max bytes of it. A max below 1 gets a *SizeError.
func (Raw) Read(r *bufio.Reader, max int) ([]byte, error) {
	if _, err := r.Peek(1); err != nil {
		return nil, err
	}
	if max < 1 {
		return nil, &SizeError{Length: uint64(r.Buffered()), AtLeast: true, Max: 0}
	}
	return take(r, min(r.Buffered(), max))
}

// Marks says whether c marks messages at all: Raw does not, nor does a nil Codec, which stands for it.
func Marks(c Codec) bool {
	_, raw := c.(Raw)
	return c != nil && !raw
}
