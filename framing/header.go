package framing

import (
	"encoding/binary"
	"fmt"

	"github.com/gobwas/ws"
)

// The lengths that stand for "the length follows" in a frame's second byte (RFC 6455 section 5.2).
const (
	lengthIn16Bits = 126
	lengthIn64Bits = 127
)

// ParseFrameHeader parses the WebSocket frame header that b begins with, and checks it against RFC 6455 section 5:
// state has the side that reads, whether a message has begun (ws.StateFragmented), and whether permessage-deflate was
// negotiated (ws.StateExtended), which marks the first frame of a message with RSV1 (RFC 7692 section 6).
//
// It returns the header's size, as far as b tells it. If that is more than b has, h is of no use yet: call again with
// as many bytes. A *ProtocolError comes with the first byte that is wrong; for a wrong length, with the last of it.
func ParseFrameHeader(b []byte, state ws.State) (h ws.Header, size int, err error) {
	if len(b) == 0 {
		return h, ws.MinHeaderSize, nil
	}
	h.Fin = b[0]&0x80 != 0
	h.Rsv = b[0] >> 4 & 0x7
	h.OpCode = ws.OpCode(b[0] & 0xf)
	// A whole message in one frame, masked as it must be, is what nearly all frames are: nothing can be wrong with it.
	usual := (b[0] == 0x81 || b[0] == 0x82) && !state.Fragmented()
	if !usual {
		err = checkFirstByte(h, state)
	}
	if err != nil || len(b) < ws.MinHeaderSize {
		return h, ws.MinHeaderSize, err
	}
	h.Masked = b[1]&0x80 != 0
	length7 := b[1] & 0x7f
	if !usual || h.Masked != state.ServerSide() {
		if err := checkSecondByte(h, length7, state); err != nil {
			return h, ws.MinHeaderSize, err
		}
	}
	size = ws.MinHeaderSize
	switch length7 {
	case lengthIn16Bits:
		size += 2
	case lengthIn64Bits:
		size += 8
	}
	lengthEnd := size
	if h.Masked {
		size += 4
	}
	if len(b) >= lengthEnd {
		if h.Length, err = frameLength(length7, b[ws.MinHeaderSize:lengthEnd]); err != nil {
			return h, size, err
		}
	}
	if len(b) >= size && h.Masked {
		h.Mask = [4]byte(b[lengthEnd:size])
	}
	return h, size, nil
}

// checkFirstByte checks FIN, RSV and the opcode (sections 5.2, 5.4 and 5.5).
func checkFirstByte(h ws.Header, state ws.State) error {
	starts := h.OpCode == ws.OpText || h.OpCode == ws.OpBinary
	switch {
	case h.OpCode.IsReserved():
		return protocolError("opcode 0x%X is reserved (RFC 6455, 5.2)", byte(h.OpCode))
	case h.Rsv&0x4 != 0 && !state.Extended():
		return protocolError("RSV1 is set, and no extension was negotiated that gives it a meaning (RFC 6455, 5.2)")
	case h.Rsv&0x4 != 0 && !starts:
		return protocolError("RSV1 is set on a frame that does not begin a message (RFC 7692, 6.1)")
	case h.Rsv != 0 && h.Rsv != 0x4:
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

// frameLength is the length of the payload: length7, or what the bytes behind it say (section 5.2).
func frameLength(length7 byte, b []byte) (int64, error) {
	switch len(b) {
	case 2:
		n := binary.BigEndian.Uint16(b)
		if n < lengthIn16Bits {
			return 0, errNotShortest
		}
		return int64(n), nil
	case 8:
		n := binary.BigEndian.Uint64(b)
		switch {
		case n > 1<<63-1:
			return 0, protocolError("the top bit of a 64-bit length must be 0 (RFC 6455, 5.2)")
		case n <= 0xffff:
			return 0, errNotShortest
		}
		return int64(n), nil
	}
	return int64(length7), nil
}

var errNotShortest = protocolError("a length must be in its shortest form (RFC 6455, 5.2)")

func protocolError(format string, args ...any) *ProtocolError {
	return &ProtocolError{CodeProtocolError, fmt.Sprintf(format, args...)}
}
