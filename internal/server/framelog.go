package server

import (
	"github.com/gobwas/ws"

	"echolab/internal/event"
	"echolab/internal/websocket"
)

// A frameLog keeps what the account tells of a frame that came in pieces: its place, and its first bytes.
type frameLog struct {
	off   int64
	size  int
	bytes []byte
}

// logged is how many bytes of a frame that came in pieces the account has.
const logged = 128

// pieceStart is the offset of the frame that a First piece begins.
func (s *session) pieceStart(piece *websocket.Piece) int64 {
	return s.at - int64(len(piece.Payload)) - int64(piece.Size)
}

// recordPiece tells of a frame once all of it has come.
func (s *session) recordPiece(piece *websocket.Piece) {
	l := &s.log
	b := piece.Payload
	if piece.First {
		l.off, l.size, l.bytes = s.pieceStart(piece), piece.Size, l.bytes[:0]
	}
	if !piece.First || !piece.Last {
		l.bytes = append(l.bytes, b[:min(len(b), logged-len(l.bytes))]...)
		b = l.bytes
	}
	if piece.Last {
		s.record(event.FrameEvent(event.ClientToServer, l.off, l.size, piece.Header, b))
	}
}

// recordOut tells of a frame that is about to be sent, with its payload or the beginning of it. It is for servers with
// a Recorder: the stack that an event takes would stay with every connection.
func (s *session) recordOut(h ws.Header, payload []byte) {
	s.record(event.FrameEvent(event.ServerToClient, s.bytesOut+int64(len(s.out)), ws.HeaderSize(h), h, payload))
}

// tellMessage counts a message that has come whole, and tells of it.
func (s *session) tellMessage(payload []byte) {
	s.messages++
	if s.srv.Recorder != nil {
		s.recordMessage(s.msg.from, s.at, payload)
	}
}
