package framingtest

import (
	"bytes"
	"errors"
	"io"
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
	try := func(data []byte, event string, args ...any) {
		for _, max := range []int{0, 1000} {
			if wasted > enough {
				return
			}
			if took := s.checkForgery(say(event, args...), data, max); took > 1<<20 {
				wasted += took
			}
		}
	}
	var templates []sample // one for each form that a length may have
	for _, n := range []int{0, 5, 126, shortSize, 65536} {
		templates = append(templates, s.atLeast(n))
	}
	for _, m := range slices.CompactFunc(templates, func(a, b sample) bool { return a.name == b.name }) {
		forgeHead(m, try)
		forgeDigits(m, try)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		data := generate(rng.IntN(64), func(int) byte { return byte(rng.Uint32()) })
		try(data, "random bytes % x", data)
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

// A try reads forged bytes, about which it has a few words.
type try func(data []byte, event string, args ...any)

// forgeHead changes the beginning of a frame, where its length is.
func forgeHead(m sample, try try) {
	frame := m.frame[:min(len(m.frame), 64)]
	head := min(len(frame), 16)
	// One byte is another. The later ones come first, which in most lengths are the smaller ones.
	for i := head - 1; i >= 0; i-- {
		for _, b := range []byte{0x00, 0x7f, 0x80, 0xff, '0', '9', '-', '\n'} {
			try(with(bytes.Clone(frame), i, b), "framed %s, byte %d set to %#02x", m.name, i, b)
		}
	}
	// Several bytes are the largest length in binary or in digits, with and without a sign.
	for i := range head {
		for j := i + 2; j <= head; j++ {
			for _, pattern := range [][2]byte{{0xff, 0xff}, {0x7f, 0xff}, {0x80, 0x00}, {'9', '9'}, {'-', '9'}} {
				data := with(bytes.Clone(frame), i, pattern[0])
				fill(data[i+1:j], pattern[1])
				try(data, "framed %s, bytes %d to %d set to % x", m.name, i, j-1, data[i:j])
			}
		}
	}
	// The largest length in groups of seven bits comes between, or digits, so that a length in decimal grows; or what
	// follows is random.
	rng := rand.New(rand.NewPCG(3, 4))
	nines := strings.Repeat("9", 40)
	for i := range head + 1 {
		for _, more := range []string{strings.Repeat("\xff", 9) + "\x01", nines[:1], nines[:9], nines[:19], nines} {
			try(slices.Insert(bytes.Clone(frame), i, []byte(more)...), "framed %s, %q inserted before byte %d", m.name, more, i)
		}
		for range 8 {
			tail := generate(24, func(int) byte { return byte(rng.Uint32()) })
			try(slices.Concat(frame[:i], tail), "framed %s, random bytes from byte %d: % x", m.name, i, tail)
		}
	}
	for i, b := range frame {
		try(slices.Delete(bytes.Clone(frame), i, i+1), "framed %s, byte %d left out", m.name, i)
		try(slices.Insert(bytes.Clone(frame), i, b), "framed %s, byte %d twice", m.name, i)
	}
}

// forgeDigits changes a stream in which lengths are written in digits, wherever one is.
func forgeDigits(m sample, try try) {
	frame := m.frame[:min(len(m.frame), 1000)]
	twice := slices.Concat(frame, frame)
	for i, found := 0, 0; i < len(twice) && found < 64; i++ {
		end := i
		for end < len(twice) && twice[end] >= '0' && twice[end] <= '9' {
			end++
		}
		if end == i {
			continue
		}
		found++
		for _, run := range []string{strings.Repeat("9", 30), "7fffffffffffffff", "9223372036854775807"} {
			try(slices.Insert(bytes.Clone(twice), i, []byte(run)...),
				"twice framed %s, %s inserted before byte %d", m.name, run, i)
			try(slices.Replace(bytes.Clone(twice), i, end, []byte(run)...),
				"twice framed %s, %s instead of bytes %d to %d", m.name, run, i, end-1)
		}
		i = end
	}
}

// checkEndless reads a small frame's beginning, and then one byte again and again, without an end.
//
// The bytes may be something that is no message, such as one Ping after the other: a codec may pass over them for as long
// as they come, but not keep them. Memory is counted for the whole program, so the least of ten counts.
func (s *suite) checkEndless() {
	const much = 64 << 10
	m := s.atLeast(5)
	frame := m.frame[:min(len(m.frame), 32)]
	for i, b := range frame {
		for _, kept := range slices.Compact([]int{0, i}) {
			w := s.wire(slices.Concat(frame[:kept], bytes.Repeat([]byte{b}, much)), errStall, inOneRead, usual,
				scene{event: say("%s of framed %s, and then %q without an end", count(kept, "byte"), m.name, b)})
			took := uint64(math.MaxUint64)
			for try := 0; try < 10 && took >= much; try++ {
				w.rewind()
				before := allocated()
				if _, _, ok := s.read(w, 10); !ok {
					return
				}
				if took = allocated() - before; w.past == 0 {
					took = 0 // it did not want more
				}
			}
			if took >= much {
				s.find(hostile, w.at, say("Read took %d bytes, kept them, and wanted more", w.next), "a message or an error")
				return
			}
		}
	}
}
