package event

import (
	"encoding/hex"
	"slices"

	"github.com/gobwas/ws"
)

// FrameEvent is the event for a WebSocket frame at that offset, whose header takes size bytes. The payload is unmasked; it
// may be only the beginning.
func FrameEvent(dir Dir, off int64, size int, h ws.Header, payload []byte) Event {
	// A Recorder may keep these: so they are new for each frame, but with one allocation.
	told := &struct {
		Span
		FrameHeader
	}{
		Span{Off: off, N: size + int(h.Length)},
		FrameHeader{Opcode: byte(h.OpCode), Fin: h.Fin, RSV: h.Rsv, Masked: h.Masked, Payload: h.Length},
	}
	if h.Masked {
		told.Key = hex.EncodeToString(h.Mask[:])
	}
	if payload == nil {
		payload = []byte{} // it is known, and empty
	}
	return Event{Ev: Frame, Dir: dir, Span: &told.Span, FrameHeader: &told.FrameHeader, Bytes: slices.Clip(payload)}
}
