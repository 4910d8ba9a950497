package framingtest

import (
	"bytes"
	"slices"
)

// checkAppend calls Append with every kind of dst.
func (s *suite) checkAppend() {
	s.checkNil()
	prefix := []byte("what was there before")
	for _, m := range slices.Concat(s.short, s.long) {
		for _, dst := range []struct {
			event string
			bytes []byte
		}{
			{"appended to a dst without spare capacity", slices.Clip(bytes.Clone(prefix))},
			{"appended to a dst with a little spare capacity", slices.Grow(bytes.Clone(prefix), 3)},
			{"appended to a dst with room for all", slices.Grow(bytes.Clone(prefix), 2*len(m.frame))},
			{"appended to an empty dst with room for all", make([]byte, 0, 2*len(m.frame))},
		} {
			s.checkAppendTo(dst.bytes, m, scene{what: m.name, event: dst.event})
		}
		s.checkKept(m)
	}
}

func (s *suite) checkAppendTo(dst []byte, m sample, at scene) {
	fill(dst[len(dst):cap(dst)], 0xaa) // old bytes, which must not show
	framed, refused, ok := s.tryAppend(dst, m.msg, at)
	if refused {
		s.find(refuses, at, "Append refused what it had framed with a dst of nil", "the same answer, whatever dst holds")
	}
	if !ok || bytes.Equal(framed[len(dst):], m.frame) {
		return
	}
	// Two frames of one message may differ, as WebSocket's do. Whether this one is right, only the reader can tell.
	src := &source{data: framed[len(dst):], end: errStall}
	s.expect(appends, newWire(src, inOneRead, 4096, at), len(m.msg), m.msg)
}

// checkRefusal asks again for a message that was refused with a dst of nil, with a dst that holds something.
func (s *suite) checkRefusal(msg []byte, at scene) {
	at.event = "appended to a dst that is not empty"
	dst := slices.Grow([]byte("what was there before"), len(msg)+64)
	if _, _, carried := s.tryAppend(dst, msg, at); carried {
		s.find(refuses, at, "Append framed what it had refused with a dst of nil", "the same answer, whatever dst holds")
	}
}

// checkNil gives Append a msg of nil, which is an empty message like any other.
func (s *suite) checkNil() {
	at := scene{what: "a msg of nil"}
	framed, refused, ok := s.tryAppend([]byte("before"), nil, at)
	_, emptyRefused, emptyOK := s.tryAppend([]byte("before"), []byte{}, at)
	empty := s.bySize[0]
	switch {
	case refused != emptyRefused, ok != emptyOK:
		s.find(appends, at, "Append treats it in another way than an empty msg", "the same as for an empty msg")
	case ok && len(empty.msg) == 0 && !bytes.Equal(framed[len("before"):], empty.frame):
		src := &source{data: framed[len("before"):], end: errStall}
		s.expect(appends, newWire(src, inOneRead, 4096, at), 0, empty.msg)
	}
}

// checkKept sees whether what Append returned changes with msg, or with the next call.
func (s *suite) checkKept(m sample) {
	other, another := s.another(m, 1)
	at := scene{what: m.name, event: "msg changed behind Append"}
	msg := bytes.Clone(m.msg)
	var framed []byte
	var err error
	if !s.call("Append", at, func() { framed, err = s.sender.Append(nil, msg) }) || err != nil {
		return
	}
	before := bytes.Clone(framed)
	fill(msg, '!')
	if !bytes.Equal(framed, before) {
		s.find(appends, at, "what Append had returned changed with it", "memory that is not shared with msg")
	}
	at.event = "another Append behind it"
	if !another {
		return
	}
	before = bytes.Clone(framed)
	if _, ok := s.append(nil, other.msg, at); ok && !bytes.Equal(framed, before) {
		s.find(appends, at, "what the first Append had returned is now "+show(framed), "it as it was: "+show(before))
	}
}

func fill(b []byte, with byte) {
	for i := range b {
		b[i] = with
	}
}
