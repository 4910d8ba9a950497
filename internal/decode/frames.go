package decode

import (
	"errors"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/text"
)

const (
	// keptBytes is how much of the payload of a frame, and of a message, is reported.
	keptBytes = 64 << 10
	// idleBytes is the most that a buffer keeps between two frames or messages.
	idleBytes = 2 << 10
)

// frames decodes the WebSocket frames of a stream (RFC 6455 section 5). What is wrong with a frame is reported beside
// it, as long as it is known where it ends.
type frames struct {
	s       *stream
	side    ws.State // who reads
	inflate *inflation
	unclear bool // the extensions are not known: RSV1 may mean something
	blind   bool // nor is the handshake: the first bytes may be inside a frame, and the first frame inside a message
	closed  bool // a Close came

	raw  [ws.MaxHeaderSize]byte // a header that has not come whole
	have int

	// The frame after a header that has.
	inside  bool
	h       ws.Header
	size    int    // of the header
	from    int64  // the offset of the header
	left    int64  // bytes of payload that are to come
	missing int64  // bytes of payload that the capture does not have
	b       []byte // the beginning of the payload, unmasked, of a frame that did not come in one piece or is masked

	msg fragments
}

func newFrames(s *stream, inflate *inflation, unclear bool) *frames {
	f := &frames{s: s, side: ws.StateServerSide, inflate: inflate, unclear: unclear}
	if s.dir == event.ServerToClient {
		f.side = ws.StateClientSide
	}
	return f
}

func (f *frames) take(b []byte) int {
	for rest := b; f.s.decoder == decoder(f); {
		if !f.inside {
			if len(rest) == 0 {
				return len(b)
			}
			if f.have == 0 {
				f.from = f.s.next + int64(len(b)-len(rest))
			}
			whole := false
			if rest, whole = f.header(rest); !whole {
				return len(b)
			}
		}
		if len(rest) == 0 && f.left > 0 {
			f.s.carried.frame(f.h, f.h.Length-f.left, 0)
			return len(b)
		}
		n := min(f.left, int64(len(rest)))
		f.payload(rest[:n:n])
		rest = rest[n:]
	}
	return len(b) // it was given up
}

func (f *frames) miss(n int64) int64 {
	switch {
	case !f.inside && f.have == 0:
		f.from = f.s.next
		f.lose("is not in the capture")
		return n
	case !f.inside:
		f.lose("has a header that is cut off in the capture")
		return n
	}
	n = min(n, f.left)
	f.s.carried.frame(f.h, f.h.Length-f.left, n)
	f.missing += n
	f.left -= n
	if f.left == 0 {
		f.finish(f.b)
	}
	return n
}

func (f *frames) end() {
	switch {
	case f.inside || f.have > 0:
		f.s.failed("the frame at offset %s does not end in the capture", text.Number(f.from))
	case f.msg.open:
		f.s.failed("the message at offset %s does not end in the capture", text.Number(f.msg.from))
	}
}

// lose gives the stream up: where a header is not known, nor is any that follows.
func (f *frames) lose(why string) {
	f.s.stop("the frame at offset %s %s: the frames after it cannot be decoded", text.Number(f.from), why)
}

func (f *frames) holds() int {
	n := 0
	if f.inside {
		n += cap(f.b)
	}
	if f.msg.open {
		n += cap(f.msg.b)
	}
	return n
}

// begin begins the frame after its header.
func (f *frames) begin(h ws.Header, size int) {
	f.inside, f.h, f.size, f.left, f.missing, f.b = true, h, size, h.Length, 0, f.b[:0]
}

// payload takes the next bytes of the frame's payload, which may be none.
func (f *frames) payload(b []byte) {
	done := f.h.Length - f.left
	f.left -= int64(len(b))
	f.s.carried.frame(f.h, done, int64(len(b)))
	if f.left == 0 && done == 0 && !f.h.Masked {
		f.finish(b[:min(len(b), f.room())]) // it came in one piece: it need not be kept
		return
	}
	if f.missing == 0 {
		b = b[:min(len(b), max(0, f.room()-len(f.b)))]
		had := len(f.b)
		f.b = append(f.b, b...)
		if f.h.Masked {
			ws.Cipher(f.b[had:], f.h.Mask, int(done&3))
		}
	}
	if f.left == 0 {
		f.finish(f.b)
	}
}

// room is how much of the payload is of use: of a compressed message, all of it.
func (f *frames) room() int {
	if f.compressed() {
		return maxPacked
	}
	return keptBytes
}

// compressed says whether the frame belongs to a message that is to be inflated.
func (f *frames) compressed() bool {
	if f.inflate == nil || f.h.OpCode.IsControl() {
		return false
	}
	if f.h.OpCode == ws.OpContinuation {
		return f.msg.open && f.msg.compressed
	}
	return f.h.Rsv1()
}

// finish reports a frame that is over, and the message that ends with it. b is the beginning of its payload.
func (f *frames) finish(b []byte) {
	f.inside = false
	f.tellFrame(b[:min(len(b), keptBytes)])
	switch op := f.h.OpCode; {
	case f.closed:
		f.wrong(" follows a Close, which must be the last (RFC 6455, 5.5.1)")
	case op == ws.OpClose:
		f.closed = true
		if f.missing == 0 {
			f.checkClose(b)
		}
	}
	if op := f.h.OpCode; !op.IsControl() && !op.IsReserved() {
		f.data(b)
	}
	if cap(f.b) > idleBytes {
		f.b = nil // one large message should not cost its memory for the rest of the stream
	}
}

// checkClose takes the payload of a Close, and reports what is wrong with it.
func (f *frames) checkClose(b []byte) {
	err := framing.ParseClose(b)
	var closing *framing.CloseError
	if errors.As(err, &closing) {
		f.s.carried.closed(closing.Code)
	}
	f.violation(err)
}

// violation reports that the frame breaks RFC 6455, if err says so.
func (f *frames) violation(err error) {
	var broken *framing.ProtocolError
	if errors.As(err, &broken) {
		f.wrong(": " + broken.Text)
	}
}

// wrong reports what is wrong with the frame. Without the handshake it is more likely that it is none, and the stream is
// given up.
func (f *frames) wrong(what string) {
	if !f.blind {
		f.s.failed("the frame at offset %s%s", text.Number(f.from), what)
		return
	}
	f.s.stop("offset %s: no frame can begin like this: the capture does not begin at a frame's boundary, or this is "+
		"not a WebSocket (a frame here%s)", text.Number(f.from), what)
}

// tellFrame reports the frame; payload is the beginning of its payload.
func (f *frames) tellFrame(payload []byte) {
	if f.s.c.rec == nil {
		return
	}
	e := event.FrameEvent(f.s.dir, f.from, f.size, f.h, payload)
	if f.missing > 0 {
		e.Text = missingText(f.missing, " of its payload")
	}
	f.s.tell(e)
}
