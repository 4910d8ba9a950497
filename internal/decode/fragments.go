package decode

import (
	"errors"
	"sync"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/deflate"
	"echolab/internal/event"
	"echolab/internal/text"
	"echolab/internal/websocket"
)

// maxInflated is the most bytes that a message may have to be inflated, and maxPacked the most payload of such a one.
const maxInflated = 1 << 20

var maxPacked = int(deflate.PayloadLimit(maxInflated, true))

// fragments is the message that the frames of a stream make.
type fragments struct {
	open       bool // it has begun, and not ended
	seen       bool // there was one, or the end of one
	from       int64
	op         ws.OpCode
	rsv1       bool
	compressed bool   // and it is to be inflated
	missing    int64  // bytes of payload that the capture does not have
	b          []byte // the beginning of a message in several frames
	cut        bool   // b is not all of it
}

// data takes a data frame that is over into its message; b is the beginning of its payload.
func (f *frames) data(b []byte) {
	m := &f.msg
	if f.h.OpCode == ws.OpContinuation {
		if !m.open { // told already, or its beginning is not in the capture
			m.seen = m.seen || f.h.Fin
			return
		}
	} else {
		if m.open && m.compressed {
			f.notInflated("it does not end")
		}
		*m = fragments{open: true, seen: true, from: f.from, op: f.h.OpCode, rsv1: f.h.Rsv1(),
			compressed: f.compressed(), b: m.b[:0]}
	}
	m.missing += f.missing
	alone := f.h.Fin && f.h.OpCode != ws.OpContinuation
	if !alone {
		b = m.add(b, f.h.Length)
	} else {
		m.cut = int64(len(b)) < f.h.Length
	}
	if f.h.Fin {
		m.open = false
		f.tellMessage(b)
		if cap(m.b) > idleBytes {
			m.b = nil
		}
	}
}

// add adds a fragment of the given length, of which b is the beginning, and returns the beginning of the message.
func (m *fragments) add(b []byte, length int64) []byte {
	room := keptBytes
	if m.compressed {
		room = maxPacked
	}
	if !m.cut {
		b = b[:min(len(b), room-len(m.b))]
		m.b = append(m.b, b...)
		m.cut = int64(len(b)) < length
	}
	return m.b
}

// tellMessage reports a message that is over; b is the beginning of its payload.
func (f *frames) tellMessage(b []byte) {
	m := &f.msg
	sentence := ""
	if m.missing > 0 {
		sentence = missingText(m.missing, " of its payload")
	}
	readable := true
	switch {
	case m.compressed:
		buffer := plains.Get().(*[]byte)
		defer plains.Put(buffer)
		b, readable = f.inflated(b, buffer)
		sentence = "not inflated"
		if readable {
			sentence = "inflated: " + text.Bytes(int64(len(b)))
		}
	case m.rsv1:
		readable = false
		if sentence == "" {
			sentence = "RSV1 is set: it may be compressed, in an unknown way"
		}
	}
	end := f.from + int64(f.size) + f.h.Length
	f.s.tell(event.Event{Ev: event.Message, Span: span(m.from, end), Bytes: b[:min(len(b), keptBytes)], Text: sentence})
	if m.op != ws.OpText || !readable {
		return
	}
	var check websocket.Text
	if err := (*framing.ProtocolError)(nil); errors.As(check.Check(b, m.compressed || !m.cut), &err) {
		f.s.failed("the message at offset %s: %s", text.Number(m.from), err.Text)
	}
}

// An inflation undoes the permessage-deflate of one direction.
type inflation struct {
	bits     int
	takeover bool
	reader   *deflate.Reader // nil until it is needed
	lost     bool            // messages may refer to what is not known
}

// plains has buffers for messages that are inflated: each is needed only until its message has been reported.
var plains = sync.Pool{New: func() any { return new([]byte) }}

// inflationOf is what the direction needs, if p was agreed on.
func inflationOf(p *deflate.Params, dir event.Dir) *inflation {
	if p == nil {
		return nil
	}
	i := &inflation{bits: p.ServerMaxWindowBits, takeover: !p.ServerNoContextTakeover}
	if dir == event.ClientToServer {
		i.bits, i.takeover = p.ClientMaxWindowBits, !p.ClientNoContextTakeover
	}
	return i
}

// inflated is the message whose payload is b, in the buffer. It is not ok if that cannot be known; why is reported when
// it begins.
func (f *frames) inflated(b []byte, buffer *[]byte) (plain []byte, ok bool) {
	i := f.inflate
	switch {
	case i.lost:
		return nil, false
	case f.msg.missing > 0:
		f.notInflated(missingText(f.msg.missing, " of its payload"))
		return nil, false
	case f.msg.cut:
		f.notInflated("it is too large")
		return nil, false
	}
	if i.reader == nil {
		i.reader = deflate.NewReader(i.bits, i.takeover)
	}
	plain, err := i.reader.Append((*buffer)[:0], b, maxInflated)
	if err != nil {
		f.notInflated(err.Error())
		return nil, false
	}
	*buffer = plain
	if windows := &f.s.c.budgets.windows; !f.s.windows.set(windows, i.reader.Held()) {
		f.notInflated("what messages in this capture may refer to needs more than " + text.Bytes(windows.most))
		return nil, false
	}
	return plain, true
}

// notInflated says why the message cannot be inflated. With context takeover, nor can those that follow.
func (f *frames) notInflated(why string) {
	i := f.inflate
	if i.lost {
		return
	}
	others := ""
	if i.lost = i.takeover; i.lost {
		others = "; nor are those that follow, which may refer to it"
	}
	i.reader = nil
	f.s.windows.set(&f.s.c.budgets.windows, 0)
	f.s.failed("the message at offset %s is not inflated: %s%s", text.Number(f.msg.from), why, others)
}
