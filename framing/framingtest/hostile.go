package framingtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"echolab/framing"
)

// enough is how much memory forged bytes may take altogether before the suite stops asking for more.
const enough = 16 << 20

// checkHostile reads bytes that no honest sender made, with small limits. A codec that sets memory aside even for
// honest messages over the limit is known by now, and is not asked for the terabytes that a forger can claim: the
// program could not go on.
func (s *suite) checkHostile() {
	if s.report.has(memory) {
		return
	}
	var wasted uint64
	for _, f := range s.forgeries() {
		for _, max := range []int{0, 1000} {
			if took := s.checkForged(f.data, max, scene{what: f.of, event: f.event}); took > 1<<20 {
				wasted += took
			}
			if wasted > enough {
				return
			}
		}
	}
}

// A forgery is bytes, and how they came about.
type forgery struct {
	of, event string
	data      []byte
}

// forgeries are changed frames, and random bytes.
func (s *suite) forgeries() []forgery {
	var list []forgery
	for _, m := range s.templates() {
		for event, data := range mutations(m.frame[:min(len(m.frame), 64)]) {
			list = append(list, forgery{"framed " + m.name, event, data})
		}
		digits(slices.Concat(m.frame[:min(len(m.frame), 1000)], m.frame)[:min(2*len(m.frame), 2000)],
			func(event string, data []byte) bool {
				list = append(list, forgery{"twice framed " + m.name, event, data})
				return true
			})
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		data := generate(rng.IntN(64), func(int) byte { return byte(rng.Uint32()) })
		list = append(list, forgery{"random bytes", fmt.Sprintf("% x", data), data})
	}
	return list
}

// templates are messages whose bytes are worth forging: one for each form that a length may have.
func (s *suite) templates() []sample {
	var list []sample
	for _, n := range []int{0, 5, 126, shortSize, 65536} {
		list = append(list, s.atLeast(n))
	}
	return slices.CompactFunc(list, func(a, b sample) bool { return a.name == b.name })
}

// muchToRead is how many bytes a Read may take from a stream of forged bytes, with a limit of endlessMax.
const (
	muchToRead = 64 << 10
	endlessMax = 10
)

// checkEndless reads a small frame's beginning, and then one byte again and again, without an end.
func (s *suite) checkEndless() {
	m := s.atLeast(5)
	frame := m.frame[:min(len(m.frame), 32)]
	for i, b := range frame {
		for _, kept := range slices.Compact([]int{0, i}) {
			if !s.checkEndlessByte(m, frame[:kept], b) {
				return
			}
		}
	}
}

func (s *suite) checkEndlessByte(m sample, begin []byte, b byte) bool {
	src := &source{data: append(bytes.Clone(begin), bytes.Repeat([]byte{b}, muchToRead)...), end: errStall}
	w := newWire(src, inOneRead, 4096, scene{
		what: fmt.Sprintf("%s of framed %s, and then %q without an end", count(len(begin), "byte"), m.name, b),
	})
	for range 10 {
		w.rewind(inOneRead)
		before := allocated()
		_, _, ok := s.read(w, endlessMax)
		if !ok || src.past == 0 {
			return ok
		}
		// The bytes may be something that is no message, such as one Ping after the other: a codec may pass over them
		// for as long as they come, but not keep them. The memory is the whole program's, so the least of ten counts.
		if allocated()-before < muchToRead {
			return true
		}
	}
	s.find(hostile, w.at, fmt.Sprintf("Read took %d bytes, kept them, and wanted more", src.next), "a message or an error")
	return false
}

// checkForged reads bytes of which nothing is known but that they must do no harm. It returns the memory that took.
func (s *suite) checkForged(data []byte, max int, at scene) (took uint64) {
	w := newWire(&source{data: data, end: io.EOF}, inOneRead, 4096, at)
	w.at.max = limitText(max)
	var got tally
	if !s.call("Read", w.at, func() { got, took = s.checkMemory(w, inOneRead, max) }) {
		return 0
	}
	if got.largest > max {
		s.find(hostile, w.at, "a message of "+count(got.largest, "byte"), "a *SizeError")
	}
	if got.idle {
		s.find(hostile, w.at, "a message for which no byte of the stream was taken", "every Read takes bytes or fails")
	}
	s.checkForgedError(w, got.err, max)
	return took
}

// checkForgedError wants of an error only what holds wherever the boundaries are.
func (s *suite) checkForgedError(w *wire, err error, max int) {
	var size *framing.SizeError
	switch {
	case err == nil:
	case err != io.EOF && errors.Is(err, io.EOF):
		s.find(cleanEnd, w.at, outcome(nil, err)+", which wraps io.EOF", "io.EOF itself or none")
	case err == io.EOF && w.taken() < len(w.src.data):
		s.find(hostile, w.at, fmt.Sprintf("io.EOF behind byte %d of %d", w.taken(), len(w.src.data)),
			"io.EOF only at the end of the stream")
	case errors.Is(err, framing.ErrTooLarge) && !errors.As(err, &size):
		s.find(sizeError, w.at, outcome(nil, err)+": errors.As finds no *SizeError", "a *SizeError")
	case size != nil && (size.Max != max || size.Length <= uint64(max)):
		s.find(sizeError, w.at, fmt.Sprintf("a *SizeError with Length %d and Max %d", size.Length, size.Max),
			fmt.Sprintf("a Length over the limit, and Max %d", max))
	}
}
