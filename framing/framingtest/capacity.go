package framingtest

import (
	"bufio"
	"bytes"
	"io"
	"slices"
)

// checkCapacity appends to each message as far as its capacity goes, and wants what follows it as it was sent: the next
// messages, and what is left in r. A stream that is not read whole without that is not charged here.
func (s *suite) checkCapacity() {
	rest := []byte("for the next who reads from here\n")
	for _, st := range slices.Concat(s.mixed, s.rows) {
		for _, size := range append(fewBuffers(len(st.data)), spacious) {
			w := s.wire(append(bytes.Clone(st.data), rest...), io.EOF, inOneRead, size, scene{what: st.name})
			if s.reads(st, w, rest) {
				w.rewind()
				s.checkCapacityOf(st, w, rest)
			}
		}
	}
	picked := s.working(s.picked()...)
	for i, m := range picked {
		s.checkCapacityBeside(m, picked[(i+1)%len(picked)])
	}
}

// reads says whether the messages of st come back, and the rest after them, when nobody appends to them.
func (s *suite) reads(st stream, w *wire, rest []byte) bool {
	for _, m := range st.samples {
		if msg, err, ok := s.read(w, st.largest); !ok || err != nil || !bytes.Equal(msg, m.msg) {
			return false
		}
	}
	left, _ := io.ReadAll(w.r)
	return bytes.Equal(left, rest)
}

func (s *suite) checkCapacityOf(st stream, w *wire, rest []byte) {
	w.at.event = say("each message appended to, within its capacity")
	for i, m := range st.samples {
		w.at.read = i + 1
		msg, ok := s.expect(capacity, w, st.largest, m.msg)
		if !ok {
			return
		}
		fillSpare(msg)
	}
	var got []byte
	if s.call("Reading r", w.at, func() { got, _ = io.ReadAll(w.r) }) && !bytes.Equal(got, rest) {
		s.find(capacity, w.at, say("what is left in r is %v", content(got)), content(rest))
	}
}

// checkCapacityBeside holds a message of each of two connections, and appends to one and the other.
func (s *suite) checkCapacityBeside(m, other sample) {
	at := scene{what: m.name, event: say("and a message of another connection, each appended to, within its capacity")}
	var held [2][]byte
	for i, m := range []sample{m, other} {
		msg, err, ok := s.read(newWire(bufio.NewReaderSize(nil, usual), m.frame, io.EOF, inOneRead, at), len(m.msg))
		if !ok || err != nil || !bytes.Equal(msg, m.msg) {
			return
		}
		held[i] = msg
	}
	if !bytes.Equal(held[0], m.msg) {
		return // what the two share is told without appending
	}
	fillSpare(held[0])
	fillSpare(held[1])
	for i, m := range []sample{m, other} {
		if !bytes.Equal(held[i], m.msg) {
			s.find(capacity, at, say("message %d has become %v", i+1, content(held[i])), say("it as it was: %v", content(m.msg)))
		}
	}
}

// fillSpare is the longest append that needs no new memory.
func fillSpare(msg []byte) { fill(msg[len(msg):cap(msg)], '!') }
