package framingtest

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// read calls the receiver's Read on w. It returns false, and notes a finding, if that did not return.
func (s *suite) read(w *wire, max int) (msg []byte, err error, ok bool) {
	w.at.max = max
	if !s.call("Read", w.at, func() { msg, err = s.receiver.Read(w.r, max) }) {
		return nil, nil, false
	}
	if err != nil && len(msg) > 0 {
		s.find(beside, w.at, outcome{msg, err}, "the error alone")
	}
	return msg, err, true
}

// expect reads a message from w, and notes a finding under the rule if it is not the one wanted.
func (s *suite) expect(r rule, w *wire, max int, want []byte) (msg []byte, ok bool) {
	msg, err, ok := s.read(w, max)
	if !ok {
		return nil, false
	}
	if err != nil || !bytes.Equal(msg, want) {
		s.find(r, w.at, outcome{msg, err}, say("the message that was sent: %v", content(want)))
		return nil, false
	}
	return msg, true
}

// follow reads the messages of st from w, which brings the first bytes of its data, and notes a finding under the rule
// if one is not what was sent. It returns the offset after the last message that had come whole.
func (s *suite) follow(r rule, st stream, w *wire, arrived int) (at int, ok bool) {
	for i, m := range st.samples {
		if st.ends[i] > arrived {
			break
		}
		if len(st.samples) > 1 {
			w.at.read = i + 1
		}
		if _, ok := s.expect(r, w, st.largest, m.msg); !ok {
			return 0, false
		}
		at = st.ends[i]
		if taken := w.taken(); taken != at {
			s.find(exact, w.at, say("%s of the stream are taken from r", count(taken, "byte")),
				say("%d, which is where this message ends", at))
		}
	}
	w.at.read = 0
	return at, true
}

// followToEnd reads all of st from w, and then the end.
func (s *suite) followToEnd(r rule, st stream, w *wire) {
	if at, ok := s.follow(r, st, w, len(w.data)); ok {
		s.expectEnd(w, len(w.data)-at, st.largest)
	}
}

// expectEnd reads the end of w, when some bytes of a message had come.
func (s *suite) expectEnd(w *wire, had, max int) {
	end := w.end
	if w.once != nil {
		end = w.once
	}
	msg, err, ok := s.read(w, max)
	ended := errors.Is(err, io.EOF)
	switch {
	case !ok:
	case end == io.EOF && had == 0:
		if err != io.EOF {
			s.find(cleanEnd, w.at, say("after the last message: %v", outcome{msg, err}), "io.EOF itself (err == io.EOF)")
		}
	case end == io.EOF:
		if ended || !errors.Is(err, io.ErrUnexpectedEOF) {
			s.find(endInside, w.at, outcome{msg, err},
				say("io.ErrUnexpectedEOF: %s of a message had come", count(had, "byte")))
		}
	case !errors.Is(err, end):
		s.find(readError, w.at, outcome{msg, err}, "the error of r, or one that wraps it")
	case ended, errors.Is(err, io.ErrUnexpectedEOF):
		s.find(readError, w.at, outcome{msg, err}, "no end of the stream: it broke")
	}
}

// checkRoundTrip reads every message alone, through buffers that are smaller and larger than it.
func (s *suite) checkRoundTrip() {
	for _, m := range s.samples {
		for _, size := range []int{usual, smallest, spacious} {
			if size == spacious && len(m.frame) <= usual {
				continue
			}
			s.followToEnd(roundTrip, newStream(m), s.wire(m.frame, io.EOF, inOneRead, size, scene{what: m.name}))
		}
	}
	for _, m := range s.special {
		s.followToEnd(roundTrip, newStream(m), s.wire(m.frame, io.EOF, inOneRead, smallest, scene{what: m.name}))
	}
}

// checkDelivery reads messages that arrive in pieces, alone and glued together.
func (s *suite) checkDelivery() {
	for _, st := range s.singles {
		s.checkWays(delivery, st)
	}
	for _, st := range s.mixed {
		s.checkWays(glued, st)
	}
	for _, st := range s.rows {
		s.followToEnd(glued, st, s.wire(st.data, io.EOF, inOneRead, usual, scene{what: st.name}))
		s.followToEnd(glued, st, s.wire(st.data, io.EOF, byteByByte, smallest, scene{what: st.name}))
	}
}

func (s *suite) checkWays(r rule, st stream) {
	for _, by := range ways {
		if len(st.data) > longStream && by.bytes > 0 && by != byteByByte {
			continue // once byte by byte is enough for a long one
		}
		for _, size := range fewBuffers(len(st.data)) {
			s.followToEnd(r, st, s.wire(st.data, io.EOF, by, size, scene{what: st.name}))
		}
	}
}

// checkRest reads on after the last message as another protocol would.
func (s *suite) checkRest() {
	rest := []byte("for the next who reads from here\n")
	for _, st := range slices.Concat(s.mixed, s.rows) {
		for _, by := range []way{inOneRead, byteByByte} {
			for _, size := range fewBuffers(len(st.data)) {
				s.checkRestOf(st, by, size, rest)
			}
		}
	}
	st := newStream(s.atLeast(5))
	for b := range 256 {
		s.checkRestOf(st, inOneRead, usual, []byte{byte(b), byte(b)})
	}
}

func (s *suite) checkRestOf(st stream, by way, buffer int, rest []byte) {
	w := s.wire(append(bytes.Clone(st.data), rest...), io.EOF, by, buffer, scene{what: st.name})
	if _, ok := s.follow(glued, st, w, len(st.data)); !ok {
		return
	}
	w.at.event = say("other bytes after the last message")
	var got []byte
	if s.call("Reading r", w.at, func() { got, _ = io.ReadAll(w.r) }) && !bytes.Equal(got, rest) {
		s.find(exact, w.at, say("what is left in r is %v", content(got)), content(rest))
	}
}

// eachCut calls f for every byte after which a stream may be cut, and every buffer that it is read through.
func eachCut(streams []stream, f func(st stream, cut, buffer int)) {
	for _, st := range streams {
		for _, cut := range cuts(len(st.data)) {
			for _, buffer := range fewBuffers(len(st.data)) {
				f(st, cut, buffer)
			}
		}
	}
}

// checkEnd ends the stream after every byte of it.
func (s *suite) checkEnd() {
	eachCut(slices.Concat(s.singles, s.mixed), func(st stream, cut, buffer int) {
		at := scene{what: st.name, event: say("the stream ends after %d of %d bytes", cut, len(st.data))}
		for _, by := range []way{inOneRead, withEnd} {
			s.followToEnd(endInside, st, s.wire(st.data[:cut], io.EOF, by, buffer, at))
		}
	})
}

// checkReadError lets the connection break after every byte of a message.
func (s *suite) checkReadError() {
	eachCut(s.singles, func(st stream, cut, buffer int) {
		at := scene{what: st.name, event: say("r fails after %d of %d bytes", cut, len(st.data))}
		for _, by := range []way{inOneRead, withEnd} {
			s.followToEnd(readError, st, s.wire(st.data[:cut], errBroken, by, buffer, at))
		}
	})
}

// checkTimeout lets one read fail, as a deadline does, after every byte: a codec that tries again would get the rest.
func (s *suite) checkTimeout() {
	eachCut(s.singles, func(st stream, cut, buffer int) {
		if cut < len(st.data) {
			at := scene{what: st.name}
			at.event = say("one read of r fails after %d of %d bytes, and then the rest comes", cut, len(st.data))
			w := s.wire(st.data, io.EOF, inOneRead, buffer, at)
			w.split, w.once = cut, errTimeout
			s.expectEnd(w, cut, st.largest)
		}
	})
}

// checkWaiting delivers exactly the bytes of a message, in two portions or one by one, and nothing after them.
func (s *suite) checkWaiting() {
	eachCut(s.singles, func(st stream, cut, buffer int) {
		by := inOneRead
		if cut == 0 {
			by = byteByByte
		}
		w := s.wire(st.data, errStall, by, buffer, scene{what: st.name})
		w.split = cut
		w.at.event = say("in portions of %d and %d bytes, and no more for now", cut, len(st.data)-cut)
		want := st.samples[0].msg
		msg, err, ok := s.read(w, len(want)+1000)
		switch {
		case !ok:
		case w.past > 0:
			s.find(waiting, w.at, say("Read asked for more when all %s of the message had come", count(len(st.data), "byte")),
				"the message, without waiting")
		case err != nil || !bytes.Equal(msg, want):
			s.find(delivery, w.at, outcome{msg, err}, say("the message that was sent: %v", content(want)))
		}
	})
}

// cuts are the offsets at which a stream of n bytes is cut: all of them, or for a long one those at its ends and where
// buffers and length fields are full.
func cuts(n int) []int {
	// As far as the largest header that a framing is likely to have.
	near := func(k, edge int) bool { return k > edge-2 && k < edge+16 }
	var list []int
	for k := range n + 1 {
		if n <= longStream || k < 24 || k > n-12 || near(k, 4096) || near(k, 65536) {
			list = append(list, k)
		}
	}
	return list
}

// longStream is where reading a stream once for each of its bytes begins to take time.
const longStream = 1000

// fewBuffers are the sizes of bufio.Reader for streams of n bytes that are read many times.
func fewBuffers(n int) []int {
	if n > longStream {
		return []int{usual}
	}
	return []int{usual, smallest}
}
