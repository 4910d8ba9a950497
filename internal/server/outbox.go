package server

import (
	"sync"

	"github.com/gobwas/ws"

	"echolab/internal/websocket"
)

// An outbox collects the frames that are owed for one read, so that one write sends them all.
//
// The echo of a frame is shorter than the frame, by its mask. So it has room in the buffer that the read filled, in
// front of what was not looked at yet, and the first one need not even be moved. What has no room there goes to a
// buffer that is borrowed.
type outbox struct {
	chunk []byte  // what the read brought
	taken int     // how much of it was looked at
	out   []byte  // what is owed, in chunk or in lent
	used  int     // where it ends in chunk
	lent  *[]byte // nil while chunk has room
}

var outBuffers = sync.Pool{New: func() any { return new([]byte) }}

// maxOut is how many bytes are owed at most before they are sent, if they are not where they came in.
const maxOut = 64 << 10

// open begins with what a read brought.
func (o *outbox) open(chunk []byte) {
	o.chunk, o.taken, o.out, o.used = chunk, 0, chunk[:0], 0
}

// letGo lets go of all buffers: an idle connection holds none.
func (o *outbox) letGo() {
	if o.lent != nil && cap(o.out) <= 4*maxOut {
		*o.lent = o.out[:0]
		outBuffers.Put(o.lent)
	}
	*o = outbox{}
}

// inPlace says whether b is what was taken last, with room for a header of the given size in front, and nothing is owed
// before it: then it is sent from where it lies.
func (o *outbox) inPlace(b []byte, size int) bool {
	start := o.taken - len(b)
	return o.lent == nil && len(o.out) == 0 && len(b) > 0 && start >= size && &o.chunk[start] == &b[0]
}

// owe adds a frame, or its beginning: h, whose length is set, and what there is of the payload.
func (s *session) owe(h ws.Header, payload []byte) error {
	if s.srv.Recorder != nil {
		s.recordOut(h, payload)
	}
	size := ws.HeaderSize(h)
	if s.inPlace(payload, size) {
		start := s.taken - len(payload) - size
		websocket.AppendHeader(s.chunk[start:start:start+size], h)
		s.out, s.used = s.chunk[start:s.taken], s.taken
		return nil
	}
	if err := s.room(size + len(payload)); err != nil {
		return err
	}
	s.out = append(websocket.AppendHeader(s.out, h), payload...)
	s.used += size + len(payload)
	return nil
}

// oweMore adds more of a payload whose header was owed before.
func (s *session) oweMore(payload []byte) error {
	if len(payload) >= copyLimit {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if s.inPlace(payload, 0) {
		s.out, s.used = s.chunk[s.taken-len(payload):s.taken], s.taken // not payload, after which nothing may be appended
		return nil
	}
	if err := s.room(len(payload)); err != nil {
		return err
	}
	s.out = append(s.out, payload...)
	s.used += len(payload)
	return nil
}

// room sees to it that n bytes can be appended to out without harm to what was not looked at yet.
func (s *session) room(n int) error {
	if s.lent == nil && s.used+n <= s.taken {
		return nil
	}
	if len(s.out) > 0 && len(s.out)+n > maxOut {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if s.lent == nil {
		s.lent = outBuffers.Get().(*[]byte)
		s.out = append((*s.lent)[:0], s.out...)
	}
	return nil
}

// flush sends what is owed.
func (s *session) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	err := s.send(s.out)
	if s.out = s.out[:0]; s.lent == nil {
		s.out, s.used = s.chunk[:0], 0
	}
	return err
}
