package framingtest

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"sync"
)

// checkShared uses one codec for several connections: in turn, one inside the other, and at the same time. A codec that
// cannot even do one after the other is not charged with that here. Long messages are for codecs that have a buffer for
// them alone.
func (s *suite) checkShared() {
	picked := s.working(s.picked()...)
	for i, m := range slices.Concat(picked, s.working(s.atLeast(usual+1), s.bySize[len(s.bySize)-1])) {
		others := s.working(s.another(m, 1)...)
		if i < len(picked) {
			others = append(others, picked[(i+1)%len(picked)])
		}
		for _, other := range others {
			for _, buffer := range []int{usual, smallest} {
				s.checkInTurn(m, other, buffer)
				if len(m.msg) <= usual {
					s.checkNested(m, other, buffer)
				}
			}
		}
	}
	// What is shared is known by then, and need not be shown to the race detector too.
	if len(picked) > 0 && !s.report.has(shared, appends) {
		s.checkConcurrent(picked)
	}
}

// working are those of the messages that alone are read whole, also one byte at a time.
func (s *suite) working(samples ...sample) (list []sample) {
	for _, m := range samples {
		ok := true
		for _, by := range []way{inOneRead, byteByByte} {
			msg, err, returned := s.read(s.wire(m.frame, io.EOF, by, smallest, scene{what: m.name}), len(m.msg))
			ok = ok && returned && err == nil && bytes.Equal(msg, m.msg)
		}
		if ok {
			list = append(list, m)
		}
	}
	return list
}

// checkInTurn holds a message of one connection while another is read and a third written. Then it reads a connection
// that ends in the middle, and another.
func (s *suite) checkInTurn(m, other sample, buffer int) {
	at := scene{what: m.name, event: say("then another connection's Read, and an Append")}
	a := newWire(bufio.NewReaderSize(nil, buffer), m.frame, io.EOF, inOneRead, at)
	held, ok := s.expect(shared, a, len(m.msg), m.msg)
	if !ok {
		return
	}
	s.expect(shared, newWire(bufio.NewReaderSize(nil, buffer), other.frame, io.EOF, inOneRead, at), len(other.msg), other.msg)
	s.append(nil, other.msg, at)
	if !bytes.Equal(held, m.msg) {
		s.find(shared, a.at, say("the first message has become %v", content(held)), say("it as it was: %v", content(m.msg)))
	}

	half := m.frame[:len(m.frame)/2]
	at.event = say("its stream ends in the middle")
	s.read(newWire(bufio.NewReaderSize(nil, buffer), half, io.EOF, inOneRead, at), len(m.msg))
	at = scene{what: other.name, event: say("read when another connection had ended inside a message")}
	s.expect(shared, newWire(bufio.NewReaderSize(nil, buffer), other.frame, io.EOF, inOneRead, at), len(other.msg), other.msg)
}

// checkNested reads a whole message of another connection, and frames one, whenever the first connection waits for a
// byte. A codec that keeps its Read to one connection at a time would hang here, as it would in a server.
func (s *suite) checkNested(m, other sample, buffer int) {
	at := scene{what: m.name, event: say("whenever Read waits for a byte, another connection's Read and an Append")}
	w := newWire(bufio.NewReaderSize(nil, buffer), m.frame, io.EOF, byteByByte, at)
	w.hook = func() {
		inner := newWire(bufio.NewReaderSize(nil, buffer), other.frame, io.EOF, inOneRead, at)
		msg, err := s.receiver.Read(inner.r, len(other.msg))
		if err != nil || !bytes.Equal(msg, other.msg) {
			s.find(shared, at, say("on the other connection: %v", outcome{msg, err}), say("its message: %v", content(other.msg)))
		}
		s.sender.Append(nil, other.msg)
	}
	s.expect(shared, w, len(m.msg), m.msg)
}

// checkConcurrent has several goroutines with a connection each. Under the race detector it finds more.
func (s *suite) checkConcurrent(picked []sample) {
	const goroutines, rounds = 8, 25
	at := scene{what: count(goroutines, "connection"), event: say("each with a goroutine of its own")}
	var streams [goroutines]stream
	for i := range streams {
		m := picked[i%len(picked)]
		other := s.another(m, i)
		streams[i] = newStream(append(append(other, m), other...)...)
	}
	s.call("Read or Append", at, func() {
		var group sync.WaitGroup
		for _, st := range streams {
			group.Go(func() {
				for range rounds {
					s.converse(st, at)
				}
			})
		}
		group.Wait()
	})
}

// converse frames the messages of a stream and reads them back.
func (s *suite) converse(st stream, at scene) {
	defer func() {
		if v := recover(); v != nil {
			s.findPanic("Read or Append", at, v)
		}
	}()
	var data []byte
	for _, m := range st.samples {
		data, _ = s.sender.Append(data, m.msg)
	}
	w := newWire(bufio.NewReaderSize(nil, smallest), data, io.EOF, byteByByte, at)
	for _, m := range st.samples {
		msg, err := s.receiver.Read(w.r, st.largest)
		if err != nil || !bytes.Equal(msg, m.msg) {
			s.find(shared, at, outcome{msg, err}, say("the message that was sent: %v", content(m.msg)))
			return
		}
	}
}
