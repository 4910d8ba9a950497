package framingtest

import (
	"bytes"
	"errors"
	"slices"

	"echolab/framing"
)

// An answer is what Append did with a message.
type answer int

const (
	broken  answer = iota // against the contract, of which there is a finding
	refused               // it is ErrUnframable
	carried
)

// append calls the sender's Append, and sees whether it keeps the contract but for the frame itself, which is returned.
func (s *suite) append(dst, msg []byte, at scene) (frame []byte, got answer) {
	given, after := withSentinels(msg)
	before := bytes.Clone(dst)
	var framed []byte
	var err error
	if !s.call("Append", at, func() { framed, err = s.sender.Append(dst, given) }) {
		return nil, broken
	}
	intact := bytes.HasPrefix(framed, before) && bytes.Equal(dst, before)
	switch {
	case !bytes.Equal(given, msg):
		s.find(appends, at, say("Append changed msg to %v", content(given)), say("msg as it was: %v", content(msg)))
	case !bytes.Equal(after, sentinels):
		s.find(appends, at, say("Append wrote past the end of msg: %v", content(after)), "msg's spare capacity as it was")
	case err == nil && !intact:
		s.find(appends, at, say("Append returned %v", content(framed)),
			say("a slice that begins with what dst held, %v", content(before)))
	case err == nil:
		return framed[len(dst):], carried
	case !errors.Is(err, framing.ErrUnframable):
		s.find(refuses, at, say("Append: %v", outcome{nil, err}), "no error, or one that wraps ErrUnframable")
	case !intact || len(framed) != len(before):
		s.find(refuses, at, say("beside ErrUnframable, dst came back as %v", content(framed)),
			say("dst as it was: %v", content(before)))
	default:
		return nil, refused
	}
	return nil, broken
}

// sentinels lie after each msg, in its spare capacity.
var sentinels = bytes.Repeat([]byte{0xa5}, 16)

// withSentinels copies msg, and gives it spare capacity that is not Append's to write to. Nil stays nil.
func withSentinels(msg []byte) (given, after []byte) {
	if msg == nil {
		return nil, sentinels
	}
	whole := slices.Concat(msg, sentinels)
	return whole[:len(msg)], whole[len(msg):]
}

var present = []byte("what was there before")

// checkAppend calls Append with every kind of dst.
func (s *suite) checkAppend() {
	s.checkNil()
	for _, m := range s.chosen {
		for _, dst := range []struct {
			event string
			bytes []byte
		}{
			{"appended to a dst without spare capacity", slices.Clip(bytes.Clone(present))},
			{"appended to a dst with a little spare capacity", slices.Grow(bytes.Clone(present), 3)},
			{"appended to a dst with room for all", slices.Grow(bytes.Clone(present), 2*len(m.frame))},
			{"appended to an empty dst with room for all", make([]byte, 0, 2*len(m.frame))},
		} {
			at := scene{what: m.name, event: say(dst.event)}
			fill(dst.bytes[len(dst.bytes):cap(dst.bytes)], 0xaa) // old bytes, which must not show
			switch frame, got := s.append(dst.bytes, m.msg, at); got {
			case refused:
				s.find(refuses, at, "Append refused what it had framed with a dst of nil",
					"the same answer, whatever dst holds")
			case carried:
				s.checkFrame(frame, m, at)
			}
		}
		s.checkKept(m)
	}
}

// checkFrame wants a frame of m. Two of one message may differ, as WebSocket's do: whether this one is right, only the
// reader can tell.
func (s *suite) checkFrame(frame []byte, m sample, at scene) {
	if !bytes.Equal(frame, m.frame) {
		s.expect(appends, s.wire(frame, errStall, inOneRead, usual, at), len(m.msg), m.msg)
	}
}

// checkRefusal asks again for a message that was refused with a dst of nil, with a dst that holds something.
func (s *suite) checkRefusal(msg []byte, at scene) {
	at.event = say("appended to a dst that is not empty")
	if _, got := s.append(slices.Grow(bytes.Clone(present), len(msg)+64), msg, at); got == carried {
		s.find(refuses, at, "Append framed what it had refused with a dst of nil", "the same answer, whatever dst holds")
	}
}

// checkNil gives Append a msg of nil, which is an empty message like any other.
func (s *suite) checkNil() {
	at := scene{what: "a msg of nil"}
	frame, got := s.append(bytes.Clone(present), nil, at)
	_, want := s.append(bytes.Clone(present), []byte{}, at)
	if got != want {
		s.find(appends, at, "Append treats it in another way than an empty msg", "the same as for an empty msg")
	} else if empty := s.bySize[0]; got == carried && len(empty.msg) == 0 {
		s.checkFrame(frame, empty, at)
	}
}

// checkKept sees whether what Append returned changes with msg, or with the next call.
func (s *suite) checkKept(m sample) {
	at := scene{what: m.name, event: say("msg changed after Append")}
	msg := bytes.Clone(m.msg)
	var framed []byte
	var err error
	if !s.call("Append", at, func() { framed, err = s.sender.Append(nil, msg) }) || err != nil {
		return
	}
	before := bytes.Clone(framed)
	if fill(msg, '!'); !bytes.Equal(framed, before) {
		s.find(appends, at, "what Append had returned changed with it", "memory that is not shared with msg")
	}
	before = bytes.Clone(framed)
	at.event = say("another Append after it")
	if s.another(m, 1); !bytes.Equal(framed, before) {
		s.find(appends, at, say("what the first Append had returned is now %v", content(framed)),
			say("it as it was: %v", content(before)))
	}
}

func fill(b []byte, with byte) {
	for i := range b {
		b[i] = with
	}
}
