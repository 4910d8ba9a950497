package deflate

import "io"

// trailer is what a decompressor reads after a payload: the end of the empty stored block that its sender took off
// (RFC 7692, 7.2.2), and an empty final block, for a decompressor wants to see one.
const (
	trailer = tail + "\x01\x00\x00\xff\xff"
	tail    = "\x00\x00\xff\xff"
)

// A source is a payload and what a decompressor reads after it. It gives byte for byte, so that a decompressor does
// not read further than it needs.
//
// The trailer could pass for the last ones of a stored block that was cut, a thing that no decompressor notices.
// But the decompressor takes bits with ReadByte, and what is stored, length and bytes, with Read: there it is seen.
type source struct {
	payload []byte
	next    int  // the next byte: of the payload, or of the trailer
	stored  bool // the last call was Read
}

func (s *source) ReadByte() (byte, error) {
	s.stored = false
	i := s.next
	if i < len(s.payload) {
		s.next++
		return s.payload[i], nil
	}
	if i -= len(s.payload); i < len(trailer) {
		s.next++
		return trailer[i], nil
	}
	return 0, io.EOF
}

func (s *source) Read(b []byte) (n int, err error) {
	again := s.stored // a length that is not whole, or what is stored after it
	s.stored = true
	if s.next < len(s.payload) {
		n = copy(b, s.payload[s.next:])
	} else if again {
		return 0, io.ErrUnexpectedEOF
	} else if n = copy(b, trailer[s.next-len(s.payload):]); n == 0 {
		return 0, io.EOF
	}
	s.next += n
	return n, nil
}

// whole says whether a payload whose last block has just ended has ended with it: before the trailer, at the end of
// a final block in which the sender left the tail out, or at the end of all.
func (s *source) whole() bool {
	over := s.next - len(s.payload)
	return over == 0 || over == len(tail) || over == len(trailer)
}
