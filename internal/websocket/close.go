package websocket

import (
	"encoding/binary"
	"unicode/utf8"

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

// maxReason is how many bytes of reason have room in a Close frame after its code.
const maxReason = ws.MaxControlFramePayloadSize - 2

// ClosePayload is the payload of a Close frame: none for code 1005, which stands for that. A reason that is too long is
// cut between two characters.
func ClosePayload(code int, reason string) []byte {
	if code == framing.CodeNoStatus {
		return nil
	}
	if len(reason) > maxReason {
		cut := maxReason
		for cut > 0 && !utf8.RuneStart(reason[cut]) {
			cut--
		}
		reason = reason[:cut]
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}
