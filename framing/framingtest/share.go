package framingtest

import (
	"bytes"
	"io"
	"slices"
	"sync"
)

// checkShared uses one codec for several connections: in turn, one inside the other, and at the same time. A codec that
// cannot even do one after the other is not charged with that here.
func (s *suite) checkShared() {
	picked := slices.DeleteFunc(s.picked(), func(m sample) bool { return !s.works(m) })
	for i, m := range picked {
		others := []sample{picked[(i+1)%len(picked)]}
		if other, ok := s.another(m, 1); ok && s.works(other) {
			others = append(others, other)
		}
		for _, other := range others {
			for _, size := range []int{4096, 16} {
				s.checkInTurn(m, other, size)
				s.checkAfterFailure(m, other, size)
				s.checkNested(m, other, size)
			}
		}
	}
	s.checkLongInTurn()
	// What is shared is known by then, and need not be shown to the race detector too.
	if len(picked) > 0 && !s.report.has(shared) && !s.report.has(appends) {
		s.checkConcurrent(picked)
	}
}

// checkLongInTurn is for codecs that have a buffer for long messages alone.
func (s *suite) checkLongInTurn() {
	tried := 0
	for i, m := range s.bySize {
		if len(m.msg) <= 4096 || tried > 0 && i < len(s.bySize)-1 || !s.works(m) {
			continue
		}
		tried++
		if other, ok := s.another(m, 1); ok && s.works(other) {
			s.checkInTurn(m, other, 4096)
			s.checkAfterFailure(m, other, 4096)
		}
	}
}

// works says whether a message alone is read whole, also one byte at a time.
func (s *suite) works(m sample) (ok bool) {
	for _, by := range []way{inOneRead, byteByByte} {
		w := newWire(&source{data: m.frame, end: io.EOF}, by, 16, scene{what: m.name})
		msg, err, returned := s.read(w, len(m.msg))
		if !returned || err != nil || !bytes.Equal(msg, m.msg) {
			return false
		}
	}
	return true
}

// checkInTurn holds a message of one connection while another is read and a third written.
func (s *suite) checkInTurn(m, other sample, buffer int) {
	at := scene{what: m.name, event: "then another connection's Read, and an Append"}
	a := newWire(&source{data: m.frame, end: io.EOF}, inOneRead, buffer, at)
	b := newWire(&source{data: other.frame, end: io.EOF}, inOneRead, buffer, at)
	held, ok := s.expect(shared, a, len(m.msg), m.msg)
	if !ok {
		return
	}
	if _, ok := s.expect(shared, b, len(other.msg), other.msg); !ok {
		return
	}
	s.append(nil, other.msg, at)
	if !bytes.Equal(held, m.msg) {
		s.find(shared, at, "the first message has become "+show(held), "it as it was: "+show(m.msg))
	}
}

// checkAfterFailure reads a connection that ends in the middle, and then another.
func (s *suite) checkAfterFailure(m, other sample, buffer int) {
	half := &source{data: m.frame[:len(m.frame)/2], end: io.EOF}
	a := newWire(half, inOneRead, buffer, scene{what: m.name, event: "its stream ends in the middle"})
	if _, _, ok := s.read(a, len(m.msg)); !ok {
		return
	}
	at := scene{what: other.name, event: "read when another connection had ended inside a message"}
	b := newWire(&source{data: other.frame, end: io.EOF}, inOneRead, buffer, at)
	s.expect(shared, b, len(other.msg), other.msg)
}

// checkNested reads a whole message of another connection, and frames one, whenever the first connection waits for a
// byte. A codec that keeps its Read to one connection at a time would hang here, as it would in a server.
func (s *suite) checkNested(m, other sample, buffer int) {
	at := scene{what: m.name, event: "whenever Read waits for a byte, another connection's Read and an Append"}
	src := &source{data: m.frame, end: io.EOF}
	w := newWire(src, byteByByte, buffer, at)
	src.hook = func() {
		inner := newWire(&source{data: other.frame, end: io.EOF}, inOneRead, buffer, at)
		msg, err := s.receiver.Read(inner.Reader, len(other.msg))
		if err != nil || !bytes.Equal(msg, other.msg) {
			s.find(shared, at, "on the other connection: "+outcome(msg, err), "its message: "+show(other.msg))
		}
		s.sender.Append(nil, other.msg)
	}
	s.expect(shared, w, len(m.msg), m.msg)
}

// checkConcurrent has several goroutines with a connection each. Under the race detector it finds more.
func (s *suite) checkConcurrent(picked []sample) {
	const goroutines, rounds = 8, 25
	at := scene{what: count(goroutines, "connection"), event: "each with a goroutine of its own"}
	var streams [goroutines]stream
	for i := range streams {
		m := picked[i%len(picked)]
		streams[i] = newStream(m)
		if other, ok := s.another(m, i); ok {
			streams[i] = newStream(other, m, other)
		}
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
	w := newWire(&source{data: data, end: io.EOF}, byteByByte, 16, at)
	for _, m := range st.samples {
		msg, err := s.receiver.Read(w.Reader, st.largest)
		if err != nil || !bytes.Equal(msg, m.msg) {
			s.find(shared, at, outcome(msg, err), "the message that was sent: "+show(m.msg))
			return
		}
	}
}
