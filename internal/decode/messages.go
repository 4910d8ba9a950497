package decode

import (
	"bufio"
	"errors"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/text"
)

// maxMessage is the most bytes that a message of a codec may have.
const maxMessage = 1 << 20

// messages makes messages of a stream with a codec, which reads what has come again until there is a whole message.
type messages struct {
	s     *stream
	codec framing.Codec
	r     *bufio.Reader
	in    pushed

	b     []byte // a message that has not come whole
	from  int64  // the offset of the first byte of b
	asked int    // how many of its bytes there were when the codec was asked last
}

func newMessages(s *stream, codec framing.Codec) *messages {
	return &messages{s: s, codec: codec, r: bufio.NewReader(nil)}
}

// A pushed is a stream as far as it has come.
type pushed struct{ b []byte }

// errMore says that a message has not come whole.
var errMore = errors.New("more is to come")

func (p *pushed) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, errMore
	}
	n := copy(b, p.b)
	p.b = p.b[n:]
	return n, nil
}

func (m *messages) take(b []byte) int {
	n, all := len(b), b
	if len(m.b) == 0 {
		m.from = m.s.next
	} else {
		seen := len(m.b)
		m.b = append(m.b, b...)
		if all = m.b; !m.enough(all, seen) {
			m.s.carried.part("a message")
			return n
		}
	}
	rest, stopped := m.ask(all)
	if stopped {
		return n
	}
	if len(rest) > 0 {
		m.s.carried.part("a message")
	}
	if cap(m.b) > idleBytes && len(rest) < cap(m.b)/4 {
		m.b = nil // one large message should not cost its memory for the rest of the stream
	}
	m.b = append(m.b[:0], rest...)
	return n
}

// ask reports the messages that b begins with, and returns what is left of it; or it stops the stream, whose bytes the
// codec does not take.
func (m *messages) ask(b []byte) (rest []byte, stopped bool) {
	rest, err := m.read(b)
	if !errors.Is(err, errMore) {
		m.s.stop("the message at offset %s: %v; what follows cannot be decoded", text.Number(m.from), err)
		return nil, true
	}
	m.asked = len(rest)
	return rest, false
}

// read reports the messages that b begins with, and returns what is left of it.
func (m *messages) read(b []byte) (rest []byte, err error) {
	m.in.b = b
	m.r.Reset(&m.in)
	for {
		msg, err := m.codec.Read(m.r, maxMessage)
		if err != nil {
			return b, err
		}
		size := len(b) - len(m.in.b) - m.r.Buffered()
		m.s.carried.add(aMessage, thing{size: int64(len(msg))})
		end := m.from + int64(size)
		m.s.tell(event.Event{Ev: event.Message, Span: span(m.from, end), Bytes: msg[:min(len(msg), keptBytes)]})
		m.from = end
		b = b[size:]
	}
}

// enough says whether it is worth asking the codec. Of b, the first seen bytes were not enough. A codec that cannot tell
// is asked when there is an eighth more than when it was asked last, and at the end: so the time for a message that comes
// in many pieces grows with its length, and not with the square of it; but a long message may be reported late.
func (m *messages) enough(b []byte, seen int) bool {
	if codec, ok := m.codec.(framing.Expecter); ok {
		return codec.Enough(b, seen, maxMessage)
	}
	return len(b)-m.asked > m.asked/8 || len(b) > maxMessage
}

func (m *messages) miss(n int64) int64 {
	m.s.stop("the bytes at offset %s are not in the capture: the messages after them cannot be decoded",
		text.Number(m.s.next))
	return n
}

func (m *messages) end() {
	if len(m.b) > m.asked {
		rest, stopped := m.ask(m.b)
		if stopped {
			return
		}
		m.b = append(m.b[:0], rest...)
	}
	if len(m.b) > 0 {
		m.s.failed("the message at offset %s does not end in the capture", text.Number(m.from))
	}
}

func (m *messages) holds() int {
	if len(m.b) == 0 {
		return 0
	}
	return cap(m.b)
}
