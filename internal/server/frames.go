package server

import (
	"slices"

	"github.com/gobwas/ws"

	"echolab/internal/websocket"
)

const (
	// streamFrom is the size of a frame from which on its echo does not wait for its end.
	streamFrom = 64 << 10
	// holdLimit is how many bytes of a message are held back at most; a longer one is echoed in fragments.
	holdLimit = 1 << 20
	// copyLimit is the size from which on bytes are not worth copying after what is owed.
	copyLimit = 16 << 10
)

// A message is the one that a session is receiving.
type message struct {
	websocket.Assembler
	from      int64 // offset of its first frame
	fragments bool  // its beginning was sent as a fragment
}

// echoUsual answers the usual frames that b begins with, and returns what follows them. data and owe would answer the
// same, each frame by itself and several times slower. They must where the echo is another, or is not all: for a
// program, with permessage-deflate, with an account, and after our Close.
func (s *session) echoUsual(b []byte) (rest []byte, err error) {
	if s.socket != nil || s.packing != nil || s.srv.Recorder != nil || s.closeSent {
		return b, nil
	}
	if s.lent != nil { // it has room for what was owed so far; the chunk always has enough
		s.out = slices.Grow(s.out, max(0, min(len(b), maxOut-len(s.out))))
	}
	out, rest, messages, err := s.parser.Echo(s.out, b, s.msg.Max)
	taken := len(b) - len(rest)
	s.at, s.taken = s.at+int64(taken), s.taken+taken
	s.out, s.used = out, s.used+len(out)-len(s.out)
	s.messages += int64(messages)
	return rest, err
}

// data takes a piece of a data frame. What it sends of a message is: all of it at its end, where it can; the same frame
// piece by piece, if it is a large one of bytes, in which nothing can be wrong any more; or fragments.
func (s *session) data(piece *websocket.Piece) error {
	m := &s.msg
	if piece.First && piece.OpCode != ws.OpContinuation {
		m.from, m.fragments = s.pieceStart(piece), false
	}
	if err := m.Check(piece); err != nil {
		return err
	}
	echoes := s.socket == nil // or the whole message is a program's
	if echoes && m.streams(piece) {
		return s.stream(piece)
	}
	// What becomes too much is sent as a fragment, but for compressed messages: only the whole can be inflated.
	if held := m.Held(); echoes && held > 0 && held+len(piece.Payload) > holdLimit && !m.Compressed {
		if err := s.sendHeld(false); err != nil {
			return err
		}
	}
	msg, whole, err := m.Keep(piece)
	switch {
	case err != nil || !whole:
		return err
	case m.fragments || echoes && m.Held() > 0 && s.packing == nil:
		s.tellMessage(msg)
		return s.sendHeld(true)
	}
	err = s.echo(msg)
	m.Drop()
	return err
}

// streams says whether the echo of the piece's frame does not wait for its end.
func (m *message) streams(piece *websocket.Piece) bool {
	return piece.Length >= streamFrom && piece.OpCode == ws.OpBinary && piece.Fin && !m.Compressed &&
		!(piece.First && piece.Last)
}

// echo answers a whole message with itself, or hands it to the program.
func (s *session) echo(payload []byte) error {
	if s.socket != nil {
		return s.deliver(payload)
	}
	s.tellMessage(payload)
	return s.sendMessage(s.msg.OpCode, payload)
}

// sendMessage sends a whole message as one frame.
func (s *session) sendMessage(op ws.OpCode, payload []byte) error {
	h := ws.Header{Fin: true, OpCode: op}
	if s.packing == nil {
		return s.frame(h, payload)
	}
	h.Rsv = ws.Rsv(true, false, false)
	packed, err := s.packing.Writer.Append(nil, payload)
	if err != nil {
		return err
	}
	return s.frame(h, packed)
}

// stream sends a frame as it comes.
func (s *session) stream(piece *websocket.Piece) error {
	if piece.First {
		s.mid = true
		err := s.owe(ws.Header{Fin: true, OpCode: piece.OpCode, Length: piece.Length}, piece.Payload)
		if err != nil {
			return err
		}
	} else if err := s.oweMore(piece.Payload); err != nil {
		return err
	}
	if piece.Last {
		s.mid = false
		s.tellMessage(nil) // its beginning is gone
	}
	return nil
}

// sendHeld sends what is held, as the message's last frame or not.
func (s *session) sendHeld(fin bool) error {
	m := &s.msg
	h := ws.Header{Fin: fin, OpCode: m.OpCode, Length: int64(m.Held())}
	if m.fragments {
		h.OpCode = ws.OpContinuation
	}
	m.fragments = true
	defer m.Drop()
	buffer := m.Buffer()
	payload := buffer[ws.MaxHeaderSize:]
	if len(payload) < copyLimit {
		return s.owe(h, payload)
	}
	if err := s.flush(); err != nil {
		return err
	}
	if s.srv.Recorder != nil {
		s.recordOut(h, payload)
	}
	// The header is put right in front of what is held, so that one write sends both.
	start := ws.MaxHeaderSize - ws.HeaderSize(h)
	copy(buffer[start:], websocket.AppendHeader(nil, h))
	return s.send(buffer[start:])
}

// frame owes the client a whole frame.
func (s *session) frame(h ws.Header, payload []byte) error {
	h.Length = int64(len(payload))
	return s.owe(h, payload)
}
