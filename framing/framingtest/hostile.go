package framingtest

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"echolab/framing"
)

// checkForged reads bytes that no honest sender made, with small limits. A codec that sets memory aside even for honest
// messages over the limit is known by now, and is not asked for the terabytes that a forger can claim: the program could
// not go on. For the same reason the check ends when forged bytes have taken a lot of memory altogether.
func (s *suite) checkForged() {
	if s.report.has(memory) {
		return
	}
	const enough = 16 << 20
	var wasted uint64
	for event, data := range s.forgeries() {
		for _, max := range []int{0, 1000} {
			if took := s.checkForgery(event, data, max); took > 1<<20 {
				wasted += took
			}
			if wasted > enough {
				return
			}
		}
	}
}

// checkForgery wants of forged bytes only what holds wherever the boundaries are. It returns the memory that took.
func (s *suite) checkForgery(event phrase, data []byte, max int) (took uint64) {
	w := s.wire(data, io.EOF, inOneRead, usual, scene{event: event})
	got, took, ok := s.checkMemory(w, max)
	if !ok {
		return 0
	}
	if got.largest > max {
		s.find(hostile, w.at, "a message of "+count(got.largest, "byte"), "a *SizeError")
	}
	if got.idle {
		s.find(hostile, w.at, "a message for which no byte of the stream was taken", "every Read takes bytes or fails")
	}
	var size *framing.SizeError
	switch err := got.err; {
	case err == nil:
	case err != io.EOF && errors.Is(err, io.EOF):
		s.find(cleanEnd, w.at, say("%v, which wraps io.EOF", outcome{nil, err}), "io.EOF itself or none")
	case err == io.EOF && w.taken() < len(data):
		s.find(hostile, w.at, say("io.EOF after byte %d of %d", w.taken(), len(data)), "io.EOF only at the end of the stream")
	case errors.Is(err, framing.ErrTooLarge), errors.As(err, &size):
		s.checkSizeError(w, err, max, math.MaxUint64)
	}
	return took
}

// forgeries are changed frames and random bytes, each with a few words about it.
func (s *suite) forgeries() iter.Seq2[phrase, []byte] {
	return func(yield func(phrase, []byte) bool) {
		var templates []sample // one for each form that a length may have
		for _, n := range []int{0, 5, 126, shortSize, 65536} {
			templates = append(templates, s.atLeast(n))
		}
		for _, m := range slices.CompactFunc(templates, func(a, b sample) bool { return a.name == b.name }) {
			for name, data := range mutations(m.frame[:min(len(m.frame), 64)]) {
				if !yield(say("framed %s, %v", m.name, name), data) {
					return
				}
			}
			begin := m.frame[:min(len(m.frame), 1000)]
			for name, data := range digits(slices.Concat(begin, begin)) {
				if !yield(say("twice framed %s, %v", m.name, name), data) {
					return
				}
			}
		}
		rng := rand.New(rand.NewPCG(1, 2))
		for range 500 {
			data := generate(rng.IntN(64), func(int) byte { return byte(rng.Uint32()) })
			if !yield(say("random bytes % x", data), data) {
				return
			}
		}
	}
}

// mutations are forgeries of a frame. Lengths are in its first bytes.
func mutations(frame []byte) iter.Seq2[phrase, []byte] {
	head := min(len(frame), 16)
	rng := rand.New(rand.NewPCG(3, 4))
	return func(yield func(phrase, []byte) bool) {
		ok := true
		try := func(name phrase, data []byte) { ok = ok && yield(name, data) }
		// One byte is another. The later ones come first, which in most lengths are the smaller ones.
		for i := head - 1; i >= 0; i-- {
			for _, b := range []byte{0x00, 0x7f, 0x80, 0xff, '0', '9', '-', '\n'} {
				try(say("byte %d set to %#02x", i, b), with(bytes.Clone(frame), i, b))
			}
		}
		// Several bytes: the largest length in binary or in digits, with and without a sign.
		for i := range head {
			for j := i + 2; j <= head; j++ {
				for _, pattern := range [][2]byte{{0xff, 0xff}, {0x7f, 0xff}, {0x80, 0x00}, {'9', '9'}, {'-', '9'}} {
					data := with(bytes.Clone(frame), i, pattern[0])
					fill(data[i+1:j], pattern[1])
					try(say("bytes %d to %d set to % x", i, j-1, data[i:j]), data)
				}
			}
		}
		// Digits between, so that a length in decimal grows; the largest length in groups of seven bits; random bytes.
		insertions := [][]byte{append(bytes.Repeat([]byte{0xff}, 9), 1)}
		for _, n := range []int{1, 9, 19, 40} {
			insertions = append(insertions, bytes.Repeat([]byte{'9'}, n))
		}
		for i := range head + 1 {
			for _, more := range insertions {
				try(say("%q inserted before byte %d", more, i), slices.Insert(bytes.Clone(frame), i, more...))
			}
			for range 8 {
				tail := generate(24, func(int) byte { return byte(rng.Uint32()) })
				try(say("random bytes from byte %d: % x", i, tail), slices.Concat(frame[:i], tail))
			}
		}
		for i, b := range frame {
			try(say("byte %d left out", i), slices.Delete(bytes.Clone(frame), i, i+1))
			try(say("byte %d twice", i), slices.Insert(bytes.Clone(frame), i, b))
		}
	}
}

// digits are forgeries of a stream in which lengths are written in digits, wherever one is.
func digits(stream []byte) iter.Seq2[phrase, []byte] {
	return func(yield func(phrase, []byte) bool) {
		found := 0
		for i := 0; i < len(stream) && found < 64; i++ {
			end := i
			for end < len(stream) && stream[end] >= '0' && stream[end] <= '9' {
				end++
			}
			if end == i {
				continue
			}
			found++
			for _, run := range []string{strings.Repeat("9", 30), "7fffffffffffffff", "9223372036854775807"} {
				inserted := slices.Insert(bytes.Clone(stream), i, []byte(run)...)
				replaced := slices.Replace(bytes.Clone(stream), i, end, []byte(run)...)
				if !yield(say("%s inserted before byte %d", run, i), inserted) ||
					!yield(say("%s instead of bytes %d to %d", run, i, end-1), replaced) {
					return
				}
			}
			i = end
		}
	}
}

// checkEndless reads a small frame's beginning, and then one byte again and again, without an end.
func (s *suite) checkEndless() {
	m := s.atLeast(5)
	frame := m.frame[:min(len(m.frame), 32)]
	for i, b := range frame {
		for _, kept := range slices.Compact([]int{0, i}) {
			event := say("%s of framed %s, and then %q without an end", count(kept, "byte"), m.name, b)
			if !s.checkEndlessByte(event, frame[:kept], b) {
				return
			}
		}
	}
}

func (s *suite) checkEndlessByte(event phrase, begin []byte, b byte) bool {
	const much = 64 << 10
	w := s.wire(slices.Concat(begin, bytes.Repeat([]byte{b}, much)), errStall, inOneRead, usual, scene{event: event})
	for range 10 {
		w.rewind()
		before := allocated()
		_, _, ok := s.read(w, 10)
		if !ok || w.past == 0 {
			return ok
		}
		// The bytes may be something that is no message, such as one Ping after the other: a codec may pass over them
		// for as long as they come, but not keep them. The memory is the whole program's, so the least of ten counts.
		if allocated()-before < much {
			return true
		}
	}
	s.find(hostile, w.at, say("Read took %d bytes, kept them, and wanted more", w.next), "a message or an error")
	return false
}
