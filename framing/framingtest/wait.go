package framingtest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// errStall stands for a peer that sends no more for now: where a source gives it, a real connection would wait.
var errStall = errors.New("framingtest: a read that would wait for ever")

// checkWaiting delivers exactly the bytes of a message, in two portions or one by one, and nothing behind them.
func (s *suite) checkWaiting() {
	for _, m := range slices.Concat(s.short, s.long) {
		for _, size := range fewBuffers(len(m.frame)) {
			for _, cut := range cuts(len(m.frame)) {
				event := fmt.Sprintf("in portions of %d and %d bytes, and no more for now", cut, len(m.frame)-cut)
				s.checkNoWait(m, &source{data: m.frame, split: cut, end: errStall}, way{event, inOneRead.cut}, size)
			}
			s.checkNoWait(m, &source{data: m.frame, end: errStall}, byteByByte, size)
		}
	}
}

func (s *suite) checkNoWait(m sample, src *source, by way, buffer int) {
	w := newWire(src, by, buffer, scene{what: m.name})
	msg, err, ok := s.read(w, len(m.msg)+1000)
	switch {
	case !ok:
	case src.past > 0:
		s.find(waiting, w.at, "Read asked for more when all "+count(len(m.frame), "byte")+" of the message had come",
			"the message, without waiting")
	case err != nil || !bytes.Equal(msg, m.msg):
		s.find(delivery, w.at, outcome(msg, err), "the message that was sent: "+show(m.msg))
	}
}
