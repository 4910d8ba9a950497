package websocket

import (
	"encoding/binary"

	"github.com/gobwas/ws"

	"echolab/framing"
)

// The close codes that an end sends of its own accord (RFC 6455 section 7.4.1); framing has those for broken frames.
const (
	CodeNormal    = 1000
	CodeGoingAway = 1001
	CodePolicy    = 1008 // for what the receiver cannot accept, when no other code says it better
	CodeTooBig    = 1009
	CodeInternal  = 1011
)

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
	case h.Length < 126:
		dst = append(dst, first, masked|byte(h.Length))
	case h.Length <= 0xffff:
		dst = append(dst, first, masked|126, byte(h.Length>>8), byte(h.Length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, masked|127), uint64(h.Length))
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

// maxReason is how many bytes of reason have room in a Close frame behind its code.
const maxReason = ws.MaxControlFramePayloadSize - 2

// ClosePayload is the payload of a Close frame: none for code 1005, which stands for that. A reason that is too long is
// cut between two characters.
func ClosePayload(code int, reason string) []byte {
	if code == framing.CodeNoStatus {
		return nil
	}
	for len(reason) > maxReason {
		cut := maxReason
		for cut > 0 && reason[cut]&0xc0 == 0x80 {
			cut--
		}
		reason = reason[:cut]
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}
