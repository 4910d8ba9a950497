package framingtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// errBroken stands for a connection that breaks.
var errBroken = errors.New("framingtest: the connection broke")

// errTimeout stands for a deadline that passed: the stream itself can go on, but Read must not.
var errTimeout = fmt.Errorf("framingtest: %w", os.ErrDeadlineExceeded)

// checkReadError lets the connection break behind every byte of a message.
func (s *suite) checkReadError() {
	for _, m := range slices.Concat(s.short, s.long) {
		for _, cut := range cuts(len(m.frame)) {
			for _, size := range fewBuffers(len(m.frame)) {
				for _, early := range []bool{false, true} {
					s.checkReadErrorAt(m, cut, size, early)
				}
				if cut < len(m.frame) {
					s.checkTimeoutAt(m, cut, size)
				}
			}
		}
	}
}

func (s *suite) checkReadErrorAt(m sample, cut, buffer int, early bool) {
	by := inOneRead
	if early {
		by.name += ", with the error beside the last byte"
	}
	w := newWire(&source{data: m.frame[:cut], end: errBroken, early: early}, by, buffer, scene{
		what:  m.name,
		event: fmt.Sprintf("r fails behind byte %d of %d", cut, len(m.frame)),
	})
	if cut == len(m.frame) { // between two messages
		if _, ok := s.expect(readError, w, len(m.msg), m.msg); !ok {
			return
		}
	}
	msg, err, ok := s.read(w, len(m.msg))
	switch {
	case !ok:
	case !errors.Is(err, errBroken):
		s.find(readError, w.at, outcome(msg, err), "the error of r, or one that wraps it")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.find(readError, w.at, outcome(msg, err), "no end of the stream: it broke")
	}
}

// checkTimeoutAt fails one read only, as a deadline does: a codec that tries again would get the rest.
func (s *suite) checkTimeoutAt(m sample, cut, buffer int) {
	w := newWire(&source{data: m.frame, split: cut, once: errTimeout, end: io.EOF}, inOneRead, buffer, scene{
		what:  m.name,
		event: fmt.Sprintf("one read of r fails behind byte %d of %d, and then the rest comes", cut, len(m.frame)),
	})
	msg, err, ok := s.read(w, len(m.msg))
	if ok && !errors.Is(err, errTimeout) {
		s.find(readError, w.at, outcome(msg, err), "the error of r, or one that wraps it")
	}
}
