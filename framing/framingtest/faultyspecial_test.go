package framingtest_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"

	"echolab/framing"
)

var size64K = 64 << 10 // a variable, so that what is made of this size lies on the heap

// trimmed is a length prefix whose reader does something to the message.
func trimmed(trim func([]byte) []byte) framing.Codec {
	return prefixed(options{body: func(r *bufio.Reader, n, max int) ([]byte, error) {
		msg, err := readBody(r, n, max)
		return trim(msg), err
	}})
}

// slip ends a message with 0xc0, and escapes that byte in it with 0xdb.
type slip struct {
	twoPasses bool // the fault: what one replacement made is taken by the other
	cutEscape bool // the fault: an end after the escape byte is a clean one
}

func (slip) Append(dst, msg []byte) ([]byte, error) {
	for _, b := range msg {
		switch b {
		case 0xc0:
			dst = append(dst, 0xdb, 0xdc)
		case 0xdb:
			dst = append(dst, 0xdb, 0xdd)
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, 0xc0), nil
}

func (c slip) Read(r *bufio.Reader, max int) ([]byte, error) {
	var msg, escaped []byte
	for begun := false; ; begun = true {
		b, err := r.ReadByte()
		if err != nil && begun {
			return nil, inside(err)
		}
		if err != nil {
			return nil, err
		}
		if b == 0xc0 {
			break
		}
		escaped = append(escaped, b)
		if b == 0xdb {
			b, err = r.ReadByte()
			switch {
			case err != nil && c.cutEscape:
				return nil, err
			case err != nil:
				return nil, inside(err)
			case b != 0xdc && b != 0xdd:
				return nil, errors.New("slip: not an escape")
			}
			escaped = append(escaped, b)
			b = map[byte]byte{0xdc: 0xc0, 0xdd: 0xdb}[b]
		}
		if msg = append(msg, b); len(msg) > atLeastZero(max) {
			return nil, &framing.SizeError{Length: uint64(len(msg)), AtLeast: true, Max: atLeastZero(max)}
		}
	}
	if c.twoPasses {
		msg = bytes.ReplaceAll(escaped, []byte{0xdb, 0xdd}, []byte{0xdb})
		msg = bytes.ReplaceAll(msg, []byte{0xdb, 0xdc}, []byte{0xc0})
	}
	return msg, nil
}

func appendVarint(dst, msg []byte) ([]byte, error) {
	return append(binary.AppendUvarint(dst, uint64(len(msg))), msg...), nil
}

// readVarint has, as its fault, lengths from which on it reads one more.
func readVarint(wrong uint64) func(r *bufio.Reader, max int) ([]byte, error) {
	return func(r *bufio.Reader, max int) ([]byte, error) {
		if _, err := r.Peek(1); err != nil {
			return nil, err
		}
		length, err := binary.ReadUvarint(r)
		if err != nil {
			return nil, inside(err)
		}
		if length == wrong {
			length--
		}
		if length > uint64(atLeastZero(max)) {
			return nil, &framing.SizeError{Length: length, Max: atLeastZero(max)}
		}
		return readBody(r, int(length), max)
	}
}

// specialFaults stumble over certain bytes or sizes.
var specialFaults = []fault{
	{"a backslash at the end is taken off", trimmed(func(msg []byte) []byte {
		return bytes.TrimSuffix(msg, []byte{'\\'})
	}), []string{"round trip"}},
	{"a byte order mark is taken off", trimmed(func(msg []byte) []byte {
		return bytes.TrimPrefix(msg, []byte("\ufeff"))
	}), []string{"round trip"}},
	{"what begins with # is skipped as a comment", trimmed(func(msg []byte) []byte {
		if bytes.HasPrefix(msg, []byte{'#'}) {
			return nil
		}
		return msg
	}), []string{"round trip"}},
	{"escapes are undone in two passes", slip{twoPasses: true}, []string{"round trip"}},
	{"io.EOF after an escape byte", slip{cutEscape: true}, []string{"end inside"}},
	{"a length of 16384 in two groups of seven bits", broken{
		append: appendVarint, read: readVarint(1 << 14)}, []string{"round trip"}},
	{"a line feed after the message is eaten", broken{
		append: appendVarint,
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			msg, err := readVarint(1<<63)(r, max)
			msg = bytes.Clone(msg)
			if r.Buffered() > 0 {
				if b, _ := r.Peek(1); b[0] == '\n' {
					r.Discard(1)
				}
			}
			return msg, err
		}}, []string{"glued", "exact bytes"}},
}

// callerFaults do not keep to what is the caller's.
var callerFaults = []fault{
	{"a refusal returns nil", refusing(func([]byte) []byte { return nil }), []string{"unframable"}},
	{"a refusal changes dst's last byte", refusing(func(dst []byte) []byte {
		if len(dst) > 0 {
			dst[len(dst)-1] = '\n'
		}
		return dst
	}), []string{"unframable"}},
	{"only a dst that is not empty is refused", broken{
		Codec: framing.LengthPrefix{},
		append: func(dst, msg []byte) ([]byte, error) {
			if len(dst) > 0 && len(msg) > 0 && msg[0] > 0x7f {
				return dst, framing.ErrUnframable
			}
			return framing.LengthPrefix{}.Append(dst, msg)
		}}, []string{"unframable"}},
	{"the line feed is put after msg first", broken{
		Codec: framing.Lines{},
		append: func(dst, msg []byte) ([]byte, error) {
			if framed, err := (framing.Lines{}).Append(dst, msg); err != nil {
				return framed, err
			}
			return append(dst, append(msg, '\n')...), nil
		}}, []string{"append"}},
	{"a msg of nil is none", broken{
		Codec: framing.LengthPrefix{},
		append: func(dst, msg []byte) ([]byte, error) {
			if msg == nil {
				return dst, nil
			}
			return framing.LengthPrefix{}.Append(dst, msg)
		}}, []string{"append"}},
	{"the limit is cut to 32 bits", prefixed(options{check: func(length uint32, max int) error {
		if max < 0 || length > uint32(max) {
			return checkLength(length, min(max, int(length)-1))
		}
		return nil
	}}), []string{"limit"}},
	{"one buffer for all long messages", sharedLong(), []string{"shared state"}},
}

func refusing(spoil func(dst []byte) []byte) framing.Codec {
	return broken{
		Codec: framing.Lines{},
		append: func(dst, msg []byte) ([]byte, error) {
			framed, err := framing.Lines{}.Append(dst, msg)
			if err != nil {
				return spoil(dst), err
			}
			return framed, nil
		}}
}

func sharedLong() framing.Codec {
	buffer := newShared(1 << 17)
	return prefixed(options{body: func(r *bufio.Reader, n, max int) ([]byte, error) {
		msg, err := readBody(r, n, max)
		if err != nil || n <= 4096 {
			return msg, err
		}
		return buffer.put(msg), nil
	}})
}

// forgedFaults are seen only in bytes that no honest sender made.
var forgedFaults = []fault{
	{"digits without an end are collected", hoarding(), []string{"hostile bytes"}},
	{"a claimed length gets 64 KiB before it is checked", prefixed(options{check: func(length uint32, max int) error {
		if length > 1000 {
			scratch.put(make([]byte, size64K))
		}
		return checkLength(length, max)
	}}), []string{"memory"}},
	{"a second chunk's size overflows", hexChunks(), []string{"panic"}},
}

var scratch = newShared(64)

// hoarding reads a length in digits up to a colon, however far that is.
func hoarding() framing.Codec {
	return broken{
		Codec: netstring(),
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			head, err := r.ReadString(':')
			if err != nil && head != "" {
				return nil, inside(err)
			}
			if err != nil {
				return nil, err
			}
			n, err := strconv.ParseUint(strings.TrimSuffix(head, ":"), 10, 62)
			if err != nil {
				return nil, errors.New("not a length")
			}
			if n > uint64(atLeastZero(max)) {
				return nil, &framing.SizeError{Length: n, Max: atLeastZero(max)}
			}
			return readBody(r, int(n), max)
		}}
}

// hexChunks is two chunks, each after a size of at most 16 hexadecimal digits and a colon: first the message, and then
// a signature of 5 bytes, whose size is checked too late.
func hexChunks() framing.Codec {
	const signature = "5:12345"
	size := func(r *bufio.Reader) (int, error) {
		n := uint64(0)
		for i := 0; ; i++ {
			b, err := r.ReadByte()
			if err == nil && b == ':' && i > 0 {
				return int(n), nil
			}
			if err == io.EOF && i > 0 {
				err = io.ErrUnexpectedEOF
			}
			if err != nil {
				return 0, err
			}
			digit := strings.IndexByte("0123456789abcdef", b)
			if digit < 0 || i == 16 {
				return 0, errors.New("not a size")
			}
			n = 16*n + uint64(digit)
		}
	}
	return broken{
		append: func(dst, msg []byte) ([]byte, error) {
			dst = append(strconv.AppendUint(dst, uint64(len(msg)), 16), ':')
			return append(append(dst, msg...), signature...), nil
		},
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			n, err := size(r)
			if err != nil {
				return nil, err
			}
			if n < 0 || n > atLeastZero(max) {
				return nil, &framing.SizeError{Length: uint64(n), Max: atLeastZero(max)}
			}
			msg, err := readBody(r, n, max)
			if err != nil {
				return nil, err
			}
			n, err = size(r)
			if err != nil {
				return nil, inside(err)
			}
			if n+2 > 1<<16 { // a sum that overflows
				return nil, errors.New("too long a signature")
			}
			_, err = readBody(r, n, max)
			return msg, err
		}}
}
