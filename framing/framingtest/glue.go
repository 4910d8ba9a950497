package framingtest

import (
	"bytes"
	"fmt"
	"io"
)

// checkGlued reads streams of several messages, and what lies behind them.
func (s *suite) checkGlued() {
	for _, st := range s.mixtures() {
		for _, by := range ways {
			for _, size := range fewBuffers(len(st.data)) {
				s.checkSeries(st, by, size)
			}
		}
		for _, by := range []way{inOneRead, byteByByte} {
			for _, size := range fewBuffers(len(st.data)) {
				s.checkRest(st, by, size)
			}
		}
	}
}

// checkSeries wants each message once, in order, and then the end.
func (s *suite) checkSeries(st stream, by way, buffer int) {
	w := newWire(&source{data: st.data, end: io.EOF}, by, buffer, scene{what: st.name})
	for i, m := range st.samples {
		w.at.event = fmt.Sprintf("read %d", i+1)
		if _, ok := s.expect(glued, w, st.largest, m.msg); !ok {
			return
		}
	}
	w.at.event = "all read"
	s.expectEnd(w, st.largest)
}

// checkRest counts what each Read took, and reads on behind the last message as another protocol would.
func (s *suite) checkRest(st stream, by way, buffer int) {
	rest := []byte("for the next who reads from here\n")
	w := newWire(&source{data: append(bytes.Clone(st.data), rest...), end: io.EOF}, by, buffer, scene{what: st.name})
	for i, m := range st.samples {
		w.at.event = fmt.Sprintf("read %d", i+1)
		msg, err, ok := s.read(w, st.largest)
		if !ok || err != nil || !bytes.Equal(msg, m.msg) {
			return // checkSeries says so
		}
		if taken := w.taken(); taken != st.ends[i] {
			s.find(exact, w.at, fmt.Sprintf("%s of the stream are taken from r", count(taken, "byte")),
				fmt.Sprintf("%d, which is where this message ends", st.ends[i]))
			return
		}
	}
	w.at.event = "other bytes behind the last message"
	var got []byte
	if s.call("Reading r", w.at, func() { got, _ = io.ReadAll(w) }) && !bytes.Equal(got, rest) {
		s.find(exact, w.at, "what is left in r is "+show(got), show(rest))
	}
}
