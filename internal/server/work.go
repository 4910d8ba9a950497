package server

import (
	"sync"

	"echolab/internal/websocket"
)

// A work is what a session needs only while there is something to do: bytes to answer, or a frame or a message that has
// not come whole. It is borrowed, so that an idle connection costs none.
type work struct {
	parser websocket.Parser
	at     int64 // offset of the next byte that the parser takes
	msg    message
	ctl    []byte // of a control frame that was cut
	mid    bool   // inside a frame that was begun on the wire: no other can be sent
	log    frameLog
	outbox
}

var works = sync.Pool{New: func() any { return new(work) }}

// begin gets what the session needs to answer what was just received.
func (s *session) begin(chunk []byte) {
	if s.work == nil {
		s.work = works.Get().(*work)
		s.parser.Deflate = s.packing != nil
		s.msg.Max = orDefault(s.srv.MaxMessage, DefaultMaxMessage)
		if s.packing != nil {
			s.msg.Inflate = s.packing.Reader
		}
		s.at = s.bytesIn - int64(len(chunk))
	}
	s.open(chunk)
}

// rest gives back what is not needed any more: all of it, between two messages. What an error leaves in a work is
// nobody's: the next session must not begin with it.
func (s *session) rest(err error) {
	s.letGo()
	if s.parser.Release(); s.parser.Between() && (err == nil || err == endClosed) {
		s.msg.Inflate = nil // the window goes with its session
		works.Put(s.work)
		s.work = nil
	}
}
