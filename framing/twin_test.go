package framing_test

import (
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	"echolab/framing"
)

// A twin reads WebSocket messages from bytes that are all there, as plainly as RFC 6455 says it and without a thought
// for speed or memory. FuzzWebSocketTwin holds it against framing.WebSocket.
type twin struct {
	data   []byte
	client bool
	max    int
}

// A twinFrame is a header, and the payload as far as it has come.
type twinFrame struct {
	fin           bool
	rsv, opcode   byte
	masked        bool
	length7       byte
	length        uint64
	payload       []byte // unmasked
	payloadIsCut  bool
	missingHeader bool // the data ended inside the header
}

// next cuts one frame off the data.
func (tw *twin) next() (f twinFrame) {
	header := func(n int) []byte {
		if len(tw.data) < n {
			f.missingHeader = true
			part := append(slices.Clone(tw.data), make([]byte, n)...)
			tw.data = nil
			return part
		}
		part := tw.data[:n]
		tw.data = tw.data[n:]
		return part
	}
	two := header(2)
	f.fin = two[0]>>7 == 1
	f.rsv = two[0] >> 4 & 7
	f.opcode = two[0] & 15
	f.masked = two[1]>>7 == 1
	f.length7 = two[1] & 127
	f.length = uint64(f.length7)
	if f.length7 == 126 {
		f.length = uint64(binary.BigEndian.Uint16(header(2)))
	}
	if f.length7 == 127 {
		f.length = binary.BigEndian.Uint64(header(8))
	}
	var key []byte
	if f.masked {
		key = header(4)
	}
	have := f.length
	if have > uint64(len(tw.data)) {
		have = uint64(len(tw.data))
		f.payloadIsCut = true
	}
	f.payload = slices.Clone(tw.data[:have])
	tw.data = tw.data[have:]
	for i := range f.payload {
		if f.masked {
			f.payload[i] ^= key[i%4]
		}
	}
	return f
}

var (
	errTwin1002 = &framing.ProtocolError{Code: 1002}
	errTwin1007 = &framing.ProtocolError{Code: 1007}
)

// read returns the next message, or an error of the kind that Read must return.
func (tw *twin) read() ([]byte, error) {
	if len(tw.data) == 0 {
		return nil, io.EOF
	}
	var message []byte
	var isText, begun bool
	for {
		if len(tw.data) == 0 {
			if begun {
				return nil, io.ErrUnexpectedEOF
			}
			return nil, io.EOF
		}
		f := tw.next()
		if f.missingHeader {
			return nil, io.ErrUnexpectedEOF // gobwas/ws judges whole headers
		}
		if tw.forbidden(f, begun) {
			return nil, errTwin1002
		}
		if f.opcode >= 8 {
			if f.payloadIsCut {
				return nil, io.ErrUnexpectedEOF
			}
			if f.opcode == 8 {
				return nil, closeOf(f.payload)
			}
			continue
		}
		if sum := uint64(len(message)) + f.length; sum > uint64(max(tw.max, 0)) {
			return nil, &framing.SizeError{Length: sum, Max: max(tw.max, 0)}
		}
		if f.payloadIsCut {
			return nil, io.ErrUnexpectedEOF
		}
		if f.opcode != 0 {
			isText = f.opcode == 1
		}
		begun = true
		message = append(message, f.payload...)
		if f.fin {
			if isText && !utf8.Valid(message) {
				return nil, errTwin1007
			}
			return message, nil
		}
	}
}

// forbidden says whether section 5 forbids the frame's header at this place.
func (tw *twin) forbidden(f twinFrame, begun bool) bool {
	isControl := f.opcode >= 8
	switch {
	case f.rsv != 0:
	case f.masked == tw.client:
	case !slices.Contains([]byte{0, 1, 2, 8, 9, 10}, f.opcode):
	case isControl && (!f.fin || f.length > 125):
	case !isControl && begun != (f.opcode == 0):
	case f.length7 == 126 && f.length < 126:
	case f.length7 == 127 && (f.length < 65536 || f.length >= 1<<63):
	default:
		return false
	}
	return true
}

// closeOf is the error for a Close with this payload: sections 5.5.1 and 7.4.
func closeOf(payload []byte) error {
	if len(payload) == 0 {
		return &framing.CloseError{Code: 1005}
	}
	if len(payload) == 1 {
		return errTwin1002
	}
	code := int(payload[0])<<8 | int(payload[1])
	never := []int{1004, 1005, 1006, 1015}
	if code < 1000 || code > 4999 || code > 1014 && code < 3000 || slices.Contains(never, code) {
		return errTwin1002
	}
	if !utf8.Valid(payload[2:]) {
		return errTwin1007
	}
	return &framing.CloseError{Code: code, Reason: string(payload[2:])}
}

// plain is an error without the words of a ProtocolError, which a twin need not find.
func plain(err error) error {
	var broken *framing.ProtocolError
	if errors.As(err, &broken) {
		return &framing.ProtocolError{Code: broken.Code}
	}
	return err
}
