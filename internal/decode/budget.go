package decode

import (
	"sync/atomic"

	"echolab/internal/text"
)

// mostHeld bounds what the Conversations of a process hold together while they wait for more of their streams, and
// mostWindows what they hold together to inflate messages. Both count bytes of streams; what a Conversation takes
// besides them is a few KiB.
const (
	mostHeld    = 64 << 20
	mostWindows = 64 << 20
)

// budgets bound the memory of several Conversations together. They may be used concurrently.
type budgets struct {
	held, windows budget
}

// shared is for all Conversations: a hostile capture has many connections, each of which waits for something.
var shared = newBudgets(mostHeld, mostWindows)

func newBudgets(held, windows int64) *budgets {
	b := &budgets{held: budget{most: held}, windows: budget{most: windows}}
	b.held.left.Store(held)
	b.windows.left.Store(windows)
	return b
}

// A budget is a number of bytes, of which some are left.
type budget struct {
	most int64
	left atomic.Int64
}

// A share is what one holder has of a budget. The zero value is none.
type share struct{ n int64 }

// set makes the share n bytes. It is not ok if there are not as many left: then the share is as it was.
func (s *share) set(of *budget, n int) (ok bool) {
	more := int64(n) - s.n
	if more == 0 {
		return true
	}
	if of.left.Add(-more) < 0 && more > 0 {
		of.left.Add(more)
		return false
	}
	s.n = int64(n)
	return true
}

// pay makes the stream's share of the budget what it holds now. Where there is not enough, the stream is given up, and
// it is not ok: streams may go on that waited for this one.
func (s *stream) pay() (ok bool) {
	if s.share.set(&s.c.budgets.held, s.holds()) {
		return true
	}
	p := &s.c.pairing
	if r := p.waiting; r != nil && s == &s.c.client {
		s.message(&r.message, r.end)
		r.message, p.waiting = message{}, nil
		if len(r.key) > requestSize { // it is not counted any more
			p.forget()
		}
	}
	s.stop("this capture needs more buffers than %s: this stream is not decoded from offset %s on",
		text.Bytes(s.c.budgets.held.most), text.Number(s.next))
	s.waits, s.held, s.heldSize, s.next = false, nil, 0, s.came
	if !s.share.set(&s.c.budgets.held, s.holds()) { // for the requests that no response has answered
		p.forget()
		s.share.set(&s.c.budgets.held, 0)
	}
	s.finish()
	return false
}

// pieceSize and requestSize are about what one of them takes besides its bytes.
const (
	pieceSize   = 64
	requestSize = 256
)

// holds is how many bytes are kept for what is to come.
func (s *stream) holds() int {
	n := s.heldSize + len(s.held)*pieceSize + s.decoder.holds()
	if s == &s.c.client && !s.c.server.over { // else none is answered any more
		n += len(s.c.pairing.requests) * requestSize
		if r := s.c.pairing.waiting; r != nil {
			n += len(r.head) + len(r.text) + len(r.key)
		}
	}
	return n
}
