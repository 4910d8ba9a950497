package server

import (
	"bytes"
	"sync"
)

// heads finds where the heads of requests are in what net/http reads, for the account: net/http itself does not say. A
// part of the stream ends with every empty line, and with every body whose length is known; so a request's head is a
// whole part, since a body in chunks ends with an empty line too. A read gets no more than the rest of a part, which
// makes what net/http has read of a request with its last byte exactly that, but for the one byte that it reads while a
// handler runs, to learn whether the client is still there.
type heads struct {
	mu    sync.Mutex
	limit int   // the most bytes of a head that net/http takes
	off   int64 // of the next byte
	body  int64 // what is still to come of a body whose length is known
	began bool  // the part has a line that is not empty
	empty bool  // the line so far is

	part []byte // its bytes so far, of which only the limit's are kept
	last []byte // the part before, from lastAt on
	at   int64
}

// take is told of bytes that are about to be read, and returns how many of them belong to this part.
func (h *heads) take(b []byte) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ended := false
	if h.body > 0 {
		n = int(min(h.body, int64(len(b))))
		h.body -= int64(n)
		ended = h.body == 0
	}
	for ; n < len(b) && h.body == 0 && !ended; n++ {
		switch {
		case b[n] == '\n' && h.empty:
			ended = h.began
		case b[n] == '\n':
			h.began, h.empty = true, true
		case b[n] != '\r':
			h.empty = false
		}
	}
	h.part = append(h.part, b[:min(n, max(0, h.limit-len(h.part)))]...)
	h.off += int64(n)
	if ended {
		h.last, h.part = h.part, h.last[:0]
		h.at = h.off - int64(len(h.last))
		h.began, h.empty = false, true
	}
	return n
}

// request is the head that ended last, and its offset in the stream.
func (h *heads) request() (head []byte, offset int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	head = bytes.TrimLeft(h.last, "\r\n") // which net/http ignores after a POST
	return head, h.at + int64(len(h.last)-len(head))
}

// expect is told how long the body is that follows the head; what is not positive is no body, or one in chunks.
func (h *heads) expect(body int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.body = max(0, body)
}
