package websocket

import (
	"slices"
	"sync"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/deflate"
)

// An Assembler makes messages of the pieces that a Parser finds in one direction. Control frames are not for it: they
// may come between the pieces of a message. The zero value allows empty messages alone. It must not be used
// concurrently, and after an error it is of no more use.
//
// Who wants whole messages calls Take. Who sends pieces on before their message has ended calls Check for each piece,
// and Keep only for those that must wait; the pieces of one frame are all kept, or none is.
type Assembler struct {
	Max     int             // the most bytes of a message
	Inflate *deflate.Reader // undoes permessage-deflate; nil if it was not negotiated

	OpCode     ws.OpCode // of the present message, or the last: text or binary
	Compressed bool      // it is (RFC 7692 section 6)

	claimed uint64 // bytes of payload of the message's frames so far, the present one whole
	text    Text
	held    []byte // what was kept, after ws.MaxHeaderSize bytes of room; empty if nothing was
	plain   []byte // inflated
}

// Take takes the next piece. If a message ends with it, whole is true, and msg valid until the next call or the
// parser's, whichever is first. The errors are Check's and Keep's.
func (a *Assembler) Take(p *Piece) (msg []byte, whole bool, err error) {
	if err := a.Check(p); err != nil {
		return nil, false, err
	}
	return a.Keep(p)
}

// Check holds the next piece of a data frame against the limit and, in a text, against UTF-8 (RFC 6455 section 8.1); a
// compressed text only Keep can check. The error is nil, a *framing.SizeError, which comes with the header of the frame
// that makes the message too long, or a *framing.ProtocolError with code 1007, which comes with the first byte that
// cannot be part of a character.
func (a *Assembler) Check(p *Piece) error {
	if p.First {
		if p.OpCode != ws.OpContinuation {
			a.OpCode, a.Compressed = p.OpCode, p.Rsv1()
			a.claimed, a.text, a.held = 0, Text{}, a.held[:0]
		}
		// The sum cannot wrap: all that was allowed before, and a length, are below 2^63.
		if a.claimed += uint64(p.Length); a.claimed > deflate.PayloadLimit(a.Max, a.Compressed) {
			return &framing.SizeError{Length: a.claimed, Max: a.Max}
		}
	}
	if a.OpCode == ws.OpText && !a.Compressed {
		return a.text.Check(p.Payload, p.Last && p.Fin)
	}
	return nil
}

// Keep keeps a piece that Check has passed until its message ends. A message that came in one piece is not copied: msg
// is the piece's payload. The error is nil or, for a compressed message, what deflate.Reader.Append and the check for
// UTF-8 say.
func (a *Assembler) Keep(p *Piece) (msg []byte, whole bool, err error) {
	whole = p.Last && p.Fin
	if msg = p.Payload; !whole || !p.First || p.OpCode == ws.OpContinuation {
		a.hold(p.Payload)
		msg = a.held[ws.MaxHeaderSize:]
	}
	switch {
	case !whole:
		return nil, false, nil
	case a.Compressed:
		msg, err = a.inflated(msg)
	}
	return msg, err == nil, err
}

// inflated is the whole message of that payload.
func (a *Assembler) inflated(payload []byte) (msg []byte, err error) {
	if a.plain, err = a.Inflate.Append(a.plain[:0], payload, a.Max); err != nil {
		return nil, err
	}
	a.dropHeld()
	if a.OpCode == ws.OpText {
		if err := a.text.Check(a.plain, true); err != nil {
			return nil, err
		}
	}
	return a.plain, nil
}

// Held is how many bytes of the message are kept.
func (a *Assembler) Held() int { return max(len(a.held)-ws.MaxHeaderSize, 0) }

// Buffer is what is kept, after ws.MaxHeaderSize bytes of room, so that a header in front of it needs no other write.
// There is none if nothing was kept of the message. It is valid until the next call.
func (a *Assembler) Buffer() []byte { return a.held }

// Drop lets go of what is kept, and of most memory. What follows of the message can still be taken.
func (a *Assembler) Drop() {
	a.dropHeld()
	if cap(a.plain) > keepLimit {
		a.plain = nil
	}
}

func (a *Assembler) dropHeld() {
	if cap(a.held) > keepLimit {
		giveBack(a.held)
		a.held = nil
	}
	a.held = a.held[:0]
}

// hold keeps a part of the message.
func (a *Assembler) hold(payload []byte) {
	if len(a.held) == 0 {
		a.held = append(a.held, make([]byte, ws.MaxHeaderSize)...)
	}
	if need := len(a.held) + len(payload); need > cap(a.held) && need > borrowFrom {
		a.held = growHeld(a.held, need)
	}
	a.held = append(a.held, payload...)
}

// What is held grows as the bytes come, so that a sender pays for at least half of the memory that it takes. Large
// buffers are borrowed, each twice as large as the one before.
const (
	borrowFrom  = 16 << 10
	heldClasses = 5 // 64 KiB to 1 MiB
	keepLimit   = 512
)

var heldBuffers [heldClasses]sync.Pool

// heldSize is the size of the buffers of a class.
func heldSize(class int) int { return 64<<10<<class + ws.MaxHeaderSize }

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
		giveBack(held)
		return grown
	}
	return slices.Grow(held, need-len(held))
}

// giveBack gives back what growHeld borrowed. The bytes are of no more use to the caller.
func giveBack(held []byte) {
	for class := range heldClasses {
		if cap(held) == heldSize(class) {
			held = held[:0]
			heldBuffers[class].Put(&held)
		}
	}
}
