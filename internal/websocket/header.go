package websocket

import (
	"encoding/binary"
	"fmt"

	"github.com/gobwas/ws"

	"echolab/framing"
)

// The lengths that stand for "the length follows" in a frame's second byte (RFC 6455 section 5.2).
const (
	lengthIn16Bits = 126
	lengthIn64Bits = 127
)

// ParseHeader reads the frame header that b begins with (RFC 6455 section 5.2). It judges nothing: CheckHeader does.
//
// It returns the header's size, as far as b tells it: 2 bytes while b has fewer, up to 14. If that is more than b has,
// h has only what the bytes so far say; call again with as many. A 64-bit length with its top bit set, which no length
// may have, comes out negative.
func ParseHeader(b []byte) (h ws.Header, size int) {
	size = parseHeader(&h, b)
	return h, size
}

// parseHeader is ParseHeader, with the header in its place: to copy it costs as much as to parse it.
func parseHeader(h *ws.Header, b []byte) (size int) {
	*h = ws.Header{}
	if len(b) == 0 {
		return ws.MinHeaderSize
	}
	h.Fin = b[0]&0x80 != 0
	h.Rsv = b[0] >> 4 & 0x7
	h.OpCode = ws.OpCode(b[0] & 0xf)
	if len(b) < ws.MinHeaderSize {
		return ws.MinHeaderSize
	}
	h.Masked = b[1]&0x80 != 0
	size = ws.MinHeaderSize
	switch length7 := b[1] & 0x7f; length7 {
	case lengthIn16Bits:
		size += 2
		if len(b) >= size {
			h.Length = int64(binary.BigEndian.Uint16(b[2:]))
		}
	case lengthIn64Bits:
		size += 8
		if len(b) >= size {
			h.Length = int64(binary.BigEndian.Uint64(b[2:]))
		}
	default:
		h.Length = int64(length7)
	}
	if h.Masked {
		size += len(h.Mask)
		if len(b) >= size {
			h.Mask = [4]byte(b[size-len(h.Mask):])
		}
	}
	return size
}

// CheckHeader says which rule the frame header breaks that b begins with: of RFC 6455 section 5, and of RFC 7692
// section 6 for RSV1. The state has the side that reads, whether a message has begun (ws.StateFragmented), and whether
// permessage-deflate was negotiated (ws.StateExtended).
//
// The header need not be whole: what is wrong is found with the first byte that is wrong; a wrong length, with the last
// of its bytes. The error is nil or a *framing.ProtocolError with code 1002.
func CheckHeader(b []byte, state ws.State) error {
	h, size := ParseHeader(b)
	if len(b) >= 1 {
		if err := checkFirstByte(h, state); err != nil {
			return err
		}
	}
	if len(b) >= 2 {
		if err := checkSecondByte(h, b[1]&0x7f, state); err != nil {
			return err
		}
	}
	lengthEnd := size
	if h.Masked {
		lengthEnd -= len(h.Mask)
	}
	if len(b) >= lengthEnd {
		return checkLength(h.Length, lengthEnd-ws.MinHeaderSize)
	}
	return nil
}

// checkFirstByte checks FIN, RSV and the opcode (sections 5.2, 5.4 and 5.5).
func checkFirstByte(h ws.Header, state ws.State) error {
	starts := h.OpCode == ws.OpText || h.OpCode == ws.OpBinary
	switch {
	case h.OpCode.IsReserved():
		return protocolError("opcode 0x%X is reserved (RFC 6455, 5.2)", byte(h.OpCode))
	case h.Rsv1() && !state.Extended():
		return protocolError("RSV1 is set, and no extension was negotiated that gives it a meaning (RFC 6455, 5.2)")
	case h.Rsv1() && !starts:
		return protocolError("RSV1 is set on a frame that does not begin a message (RFC 7692, 6.1)")
	case h.Rsv2() || h.Rsv3():
		return protocolError("RSV2 or RSV3 is set, and no extension gives them a meaning (RFC 6455, 5.2)")
	case h.OpCode.IsControl() && !h.Fin:
		return protocolError("a control frame must not be fragmented (RFC 6455, 5.5)")
	case h.OpCode == ws.OpContinuation && !state.Fragmented():
		return protocolError("a continuation frame came, and there is nothing to continue (RFC 6455, 5.4)")
	case starts && state.Fragmented():
		return protocolError("a new message began before the one that was begun had ended (RFC 6455, 5.4)")
	}
	return nil
}

// checkSecondByte checks the masking and the length of control frames (sections 5.1 and 5.5).
func checkSecondByte(h ws.Header, length7 byte, state ws.State) error {
	switch {
	case state.ServerSide() && !h.Masked:
		return protocolError("a client must mask its frames (RFC 6455, 5.1)")
	case state.ClientSide() && h.Masked:
		return protocolError("a server must not mask its frames (RFC 6455, 5.1)")
	case h.OpCode.IsControl() && length7 > ws.MaxControlFramePayloadSize:
		return protocolError("a control frame has at most 125 bytes of payload (RFC 6455, 5.5)")
	}
	return nil
}

// checkLength checks a length that came in so many bytes after the second one (section 5.2).
func checkLength(length int64, extended int) error {
	switch {
	case length < 0:
		return protocolError("the top bit of a 64-bit length must be 0 (RFC 6455, 5.2)")
	case extended == 2 && length < lengthIn16Bits, extended == 8 && length <= 0xffff:
		return protocolError("a length must be in its shortest form (RFC 6455, 5.2)")
	}
	return nil
}

func protocolError(format string, args ...any) error {
	return &framing.ProtocolError{Code: framing.CodeProtocolError, Text: fmt.Sprintf(format, args...)}
}

// AppendHeader appends the frame header h to dst, its length in the shortest form (RFC 6455 section 5.2).
func AppendHeader(dst []byte, h ws.Header) []byte {
	first := byte(h.OpCode) | h.Rsv<<4
	if h.Fin {
		first |= 0x80
	}
	var masked byte
	if h.Masked {
		masked = 0x80
	}
	switch {
	case h.Length < lengthIn16Bits:
		dst = append(dst, first, masked|byte(h.Length))
	case h.Length <= 0xffff:
		dst = append(dst, first, masked|lengthIn16Bits, byte(h.Length>>8), byte(h.Length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, masked|lengthIn64Bits), uint64(h.Length))
	}
	if h.Masked {
		dst = append(dst, h.Mask[:]...)
	}
	return dst
}

// AppendFrame appends a frame with the given payload to dst. The length in h is ignored; the payload is masked if h is.
func AppendFrame(dst []byte, h ws.Header, payload []byte) []byte {
	h.Length = int64(len(payload))
	dst = AppendHeader(dst, h)
	start := len(dst)
	dst = append(dst, payload...)
	if h.Masked {
		ws.Cipher(dst[start:], h.Mask, 0)
	}
	return dst
}
