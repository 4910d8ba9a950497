package framingtest

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// checkEnd ends the stream behind every byte of it.
func (s *suite) checkEnd() {
	var streams []stream
	for _, m := range slices.Concat(s.short, s.long) {
		streams = append(streams, newStream(m))
	}
	for _, st := range append(streams, s.mixtures()...) {
		for _, cut := range cuts(len(st.data)) {
			for _, size := range fewBuffers(len(st.data)) {
				for _, early := range []bool{false, true} {
					s.checkEndAt(st, cut, size, early)
				}
			}
		}
	}
}

// checkEndAt wants the messages that lie before the cut, and then the right kind of end.
func (s *suite) checkEndAt(st stream, cut, buffer int, early bool) {
	by := inOneRead
	if early {
		by.name += ", with io.EOF beside the last byte"
	}
	w := newWire(&source{data: st.data[:cut], end: io.EOF, early: early}, by, buffer, scene{
		what:  st.name,
		event: fmt.Sprintf("the stream ends behind %d of %s", cut, count(len(st.data), "byte")),
	})
	begin := 0
	for i, m := range st.samples {
		if st.ends[i] > cut {
			break
		}
		if _, ok := s.expect(endInside, w, st.largest, m.msg); !ok {
			return
		}
		begin = st.ends[i]
	}
	if begin == cut {
		s.expectEnd(w, st.largest)
		return
	}
	msg, err, ok := s.read(w, st.largest)
	if ok && (!errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)) {
		s.find(endInside, w.at, outcome(msg, err), "io.ErrUnexpectedEOF: "+count(cut-begin, "byte")+" of a message had come")
	}
}
