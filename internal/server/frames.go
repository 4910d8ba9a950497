package server

import (
	"slices"
	"sync"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/deflate"
	"echolab/internal/websocket"
)

const (
	// streamFrom is the size of a frame from which on its echo does not wait for its end.
	streamFrom = 64 << 10
	// holdLimit is how many bytes of a message are held back at most; a longer one is echoed in fragments.
	holdLimit = 1 << 20
	// copyLimit is the size from which on bytes are not worth copying behind what is owed.
	copyLimit = 16 << 10
)

// A message is the one that a session is receiving.
type message struct {
	op         ws.OpCode
	compressed bool
	claimed    uint64 // bytes of payload, the present frame's whole
	from       int64  // offset of its first frame
	text       websocket.Text
	held       []byte // what came of it, with room for a header in front
	fragments  bool   // its beginning was sent as a fragment
}

// data takes a piece of a data frame. What it sends of a message is: all of it at its end, where it can; the same frame
// piece by piece, if it is a large one of bytes, in which nothing can be wrong any more; or fragments.
func (s *session) data(piece *websocket.Piece) error {
	m := &s.msg
	if piece.First {
		if piece.OpCode != ws.OpContinuation {
			m.op, m.compressed, m.fragments = piece.OpCode, piece.Rsv1(), false
			m.claimed, m.from, m.text, m.held = 0, s.pieceStart(piece), websocket.Text{}, m.held[:0]
		}
		if m.claimed += uint64(piece.Length); m.claimed > deflate.PayloadLimit(s.maxMessage(), m.compressed) {
			return &framing.SizeError{Length: m.claimed, Max: s.maxMessage()}
		}
	}
	ends := piece.Last && piece.Fin
	if m.op == ws.OpText && !m.compressed {
		if err := m.text.Check(piece.Payload, ends); err != nil {
			return err
		}
	}
	alone := piece.Fin && piece.OpCode != ws.OpContinuation && !m.compressed
	switch {
	case alone && piece.First && piece.Last:
		return s.echo(piece.Payload)
	case alone && m.op == ws.OpBinary && piece.Length >= streamFrom:
		return s.stream(piece)
	}
	if err := s.hold(piece.Payload); err != nil || !ends {
		return err
	}
	return s.echoHeld()
}

func (s *session) maxMessage() int { return orDefault(s.srv.MaxMessage, DefaultMaxMessage) }

// echo sends a whole message as one frame.
func (s *session) echo(payload []byte) error {
	s.tellMessage(payload)
	h := ws.Header{Fin: true, OpCode: s.msg.op}
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

// hold keeps a part of a message. What becomes too much is sent as a fragment, but for compressed messages: only the
// whole can be inflated.
func (s *session) hold(payload []byte) error {
	m := &s.msg
	if len(m.held) > ws.MaxHeaderSize && len(m.held)+len(payload) > ws.MaxHeaderSize+holdLimit && !m.compressed {
		if err := s.sendHeld(false); err != nil {
			return err
		}
	}
	if len(m.held) == 0 {
		m.held = append(m.held, make([]byte, ws.MaxHeaderSize)...)
	}
	if need := len(m.held) + len(payload); need > cap(m.held) && need > copyLimit {
		m.held = growHeld(m.held, need)
	}
	m.held = append(m.held, payload...)
	return nil
}

// echoHeld sends the message that was held, at its end.
func (s *session) echoHeld() error {
	m := &s.msg
	payload := m.held[ws.MaxHeaderSize:]
	switch {
	case m.compressed:
		plain, err := s.packing.Reader.Append(nil, payload, s.maxMessage())
		if err != nil {
			return err
		}
		if m.op == ws.OpText {
			if err := m.text.Check(plain, true); err != nil {
				return err
			}
		}
		m.held = dropHeld(m.held)
		return s.echo(plain)
	case s.packing != nil && !m.fragments:
		err := s.echo(payload)
		m.held = dropHeld(m.held)
		return err
	}
	s.tellMessage(payload)
	return s.sendHeld(true)
}

// sendHeld sends what is held, as the message's last frame or not.
func (s *session) sendHeld(fin bool) error {
	m := &s.msg
	h := ws.Header{Fin: fin, OpCode: m.op, Length: int64(len(m.held) - ws.MaxHeaderSize)}
	if m.fragments {
		h.OpCode = ws.OpContinuation
	}
	m.fragments = true
	payload := m.held[ws.MaxHeaderSize:]
	defer func() { m.held = dropHeld(m.held) }()
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
	copy(m.held[start:], websocket.AppendHeader(nil, h))
	return s.send(m.held[start:])
}

// frame owes the client a whole frame.
func (s *session) frame(h ws.Header, payload []byte) error {
	h.Length = int64(len(payload))
	return s.owe(h, payload)
}

// What is held grows as the bytes come, so that a client pays for at least half of the memory that it takes. Large
// buffers are borrowed, each twice as large as the one before.
const (
	heldClasses = 5 // 64 KiB to 1 MiB
	keepLimit   = 512
)

var heldBuffers [heldClasses]sync.Pool

// heldSize is the size of the buffers of a class.
func heldSize(class int) int { return streamFrom<<class + ws.MaxHeaderSize }

// growHeld makes room for need bytes.
func growHeld(held []byte, need int) []byte {
	for class := range heldClasses {
		size := heldSize(class)
		if need > size {
			continue
		}
		larger, ok := heldBuffers[class].Get().(*[]byte)
		if !ok {
			b := make([]byte, 0, size)
			larger = &b
		}
		grown := append((*larger)[:0], held...)
		dropHeld(held)
		return grown
	}
	return slices.Grow(held, need-len(held))
}

// dropHeld gives back what growHeld borrowed, and returns what is to be kept.
func dropHeld(held []byte) []byte {
	for class := range heldClasses {
		if cap(held) == heldSize(class) {
			held = held[:0]
			heldBuffers[class].Put(&held)
			return nil
		}
	}
	if cap(held) > keepLimit {
		return nil
	}
	return held[:0]
}
