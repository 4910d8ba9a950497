package event

import (
	"fmt"
	"strings"

	"echolab/internal/text"
)

// A FrameHeader is what stands in the header of a WebSocket frame (RFC 6455 section 5.2).
type FrameHeader struct {
	Opcode  byte   `json:"opcode"` // 4 bits
	Fin     bool   `json:"fin"`
	RSV     byte   `json:"rsv"` // 3 bits: RSV1 is 4, RSV2 is 2, RSV3 is 1
	Masked  bool   `json:"masked"`
	Key     string `json:"key,omitempty"` // of the mask, 8 hexadecimal digits
	Payload int64  `json:"payload"`       // the length of the payload in bytes
}

// Opcodes of RFC 6455 section 5.2.
const (
	OpContinuation = 0x0
	OpText         = 0x1
	OpBinary       = 0x2
	OpClose        = 0x8
	OpPing         = 0x9
	OpPong         = 0xa
)

// IsControl says whether frames of that opcode stand between messages, or inside one without being part of it.
func IsControl(opcode byte) bool { return opcode >= OpClose }

// OpcodeName is the word for an opcode of RFC 6455 section 5.2.
func OpcodeName(opcode byte) string {
	switch opcode {
	case OpContinuation:
		return "continuation"
	case OpText:
		return "text"
	case OpBinary:
		return "binary"
	case OpClose:
		return "close"
	case OpPing:
		return "ping"
	case OpPong:
		return "pong"
	}
	return fmt.Sprintf("reserved 0x%x", opcode)
}

// words is the header for people: "FIN text of 11, masked 37fa213d".
func (h FrameHeader) words() string {
	var b strings.Builder
	if !h.Fin {
		b.WriteString("no ")
	}
	b.WriteString("FIN ")
	for i, bit := range []byte{4, 2, 1} {
		if h.RSV&bit != 0 {
			fmt.Fprintf(&b, "RSV%d ", i+1)
		}
	}
	b.WriteString(OpcodeName(h.Opcode))
	if h.Payload > 0 {
		b.WriteString(" of " + text.Number(h.Payload))
	} else {
		b.WriteString(", empty")
	}
	if h.Masked {
		b.WriteString(strings.TrimRight(", masked "+h.Key, " "))
	}
	return b.String()
}

// CutShort says whether e is a frame of whose payload only the beginning was recorded.
func (e Event) CutShort() bool {
	return e.FrameHeader != nil && int64(len(e.Bytes)) < e.Payload
}
