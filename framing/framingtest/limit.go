package framingtest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"runtime/metrics"

	"echolab/framing"
)

// checkLimit reads a message of every size with limits that it keeps and that it exceeds. A negative one counts as 0,
// which an empty message keeps.
func (s *suite) checkLimit() {
	for _, m := range s.bySize {
		n := len(m.msg)
		for _, buffer := range fewBuffers(n) {
			for _, max := range []int{n, n + 1, math.MaxInt, n - 1, n / 2, 0, -1} {
				if !s.checkMax(m, max, buffer) {
					break // what is misread may claim any length, for which the larger limits would leave room
				}
			}
		}
	}
	// Limits at which a narrower integer overflows. The largest came first, above: a codec that sets aside as much as the
	// limit allows failed there, before it got memory.
	limits := []int64{1<<31 - 1, 1 << 16, 1 << 31, 1 << 32, 1<<32 + 1}
	m := s.atLeast(5)
	for _, max := range limits {
		if int64(len(m.msg)) <= max && max <= math.MaxInt && !s.report.has(limit, panics) {
			s.checkMax(m, int(max), usual)
		}
	}
}

// checkMax returns false if a message within the limit did not come.
func (s *suite) checkMax(m sample, max, buffer int) (ok bool) {
	w := s.wire(m.frame, io.EOF, inOneRead, buffer, scene{what: m.name})
	if len(m.msg) <= atLeastZero(max) {
		_, ok = s.expect(limit, w, max, m.msg)
		return ok
	}
	msg, err, ok := s.read(w, max)
	switch {
	case !ok:
	case err == nil:
		s.find(limit, w.at, outcome{msg, err}, "a *SizeError")
	default:
		s.checkSizeError(w, err, max, uint64(len(m.msg)))
	}
	return true
}

// checkSizeError wants the error of a message of at most n bytes that is over the limit.
func (s *suite) checkSizeError(w *wire, err error, max int, n uint64) {
	max = atLeastZero(max)
	var size *framing.SizeError
	wrong := ""
	switch {
	case !errors.Is(err, framing.ErrTooLarge):
		wrong = "errors.Is does not find ErrTooLarge"
	case !errors.As(err, &size):
		wrong = "errors.As finds no *SizeError"
	case size.Max != max:
		wrong = fmt.Sprintf("its Max is %d, not %d", size.Max, max)
	case size.Length <= uint64(max):
		wrong = fmt.Sprintf("its Length is %d, which is within the limit of %d", size.Length, max)
	case size.Length > n:
		wrong = fmt.Sprintf("its Length is %d, but the message has %d bytes", size.Length, n)
	default:
		return
	}
	s.find(sizeError, w.at, say("%v: %s", outcome{nil, err}, wrong), "a *SizeError that says what is too large")
}

func atLeastZero(n int) int { return max(n, 0) }

// checkUnread sees how much of a message over the limit a codec waits for, and what memory that takes. A length that
// comes first needs no byte of the message; a codec that looks for an end may wait for as many as are allowed, for two
// more that could be that end, and for whatever else the framing adds.
func (s *suite) checkUnread() {
	for _, st := range s.singles {
		n := st.largest
		for _, max := range []int{0, 1, n / 2, n - 1} {
			if max >= n || len(st.data) < n { // shorter than its message: no telling how much is too much
				continue
			}
			w := s.wire(st.data, errStall, byteByByte, usual, scene{what: st.name})
			if _, _, ok := s.read(w, max); !ok {
				continue
			}
			if allowed := max + 2 + len(st.data) - n; w.next > allowed {
				s.find(unread, w.at, say("Read returned after byte %d of %d", w.next, len(st.data)),
					say("at most %d bytes waited for", allowed))
			}
		}
		s.checkMemory(s.wire(st.data, errStall, byteByByte, usual, scene{what: st.name}), 10)
	}
}

// spare is the memory that a Read may take whatever it reads, and perMessage what each message may take besides its
// bytes. A buffer of 64 KiB that is set aside because of a length in some header stands out.
const (
	spare      = 32 << 10
	perMessage = 512
)

// checkMemory notes a finding if reading w to an error takes more memory than the limit and the bytes account for; four
// times over, because buffers that grow are copied. It returns what that took.
//
// All goroutines of the program are counted in. So what seems too much is measured again, and the least of all tries
// counts: the codec's own share is there each time. Other goroutines are less likely to be the cause of much, and it
// should not be asked for often.
func (s *suite) checkMemory(w *wire, max int) (got tally, took uint64, ok bool) {
	took = math.MaxUint64
	var allowed uint64
	for try := 0; ; try++ {
		before := allocated()
		if got, ok = s.readAll(w, max); !ok {
			return got, 0, false
		}
		took = min(took, allocated()-before)
		allowed = uint64(4*(atLeastZero(max)+w.next)+perMessage*got.messages+spare) + s.overhead*uint64(got.messages+1)
		if took <= allowed {
			return got, took, true
		}
		if s.report.has(memory) || try >= 100 || took >= 1<<20 && try >= 20 || took >= 64<<20 && try >= 2 {
			break
		}
		w.rewind()
	}
	s.find(memory, w.at, say("Read allocated %d bytes, when %d had arrived", took, w.next), say("at most some %d", allowed))
	return got, took, true
}

// measure is what one Read of a small message allocates whatever it reads: a decompressor, a buffer of a fixed size. It is
// allowed twice, because small pieces of memory are counted late. Where it is little, spare and perMessage are enough.
func (s *suite) measure(m sample) uint64 {
	const batches, reads = 10, 4
	least := uint64(math.MaxUint64)
	w := s.wire(m.frame, io.EOF, inOneRead, usual, scene{what: m.name})
	w.at.max = len(m.msg)
	s.call("Read", w.at, func() {
		for range batches {
			before := allocated()
			for range reads {
				w.rewind()
				s.receiver.Read(w.r, len(m.msg))
			}
			least = min(least, (allocated()-before)/reads)
		}
	})
	if least < 4<<10 || least == math.MaxUint64 {
		return 0
	}
	return 2 * least
}

// A tally is what came of reading a stream until an error.
type tally struct {
	messages int
	largest  int
	idle     bool // a message came, but no byte was taken for it
	err      error
}

// readAll reads until an error, or until a Read that took nothing. It returns false, and notes a finding, if a Read did
// not return.
func (s *suite) readAll(w *wire, limit int) (got tally, ok bool) {
	w.at.max = limit
	ok = s.call("Read", w.at, func() {
		for got.err == nil && !got.idle {
			var msg []byte
			before := w.taken()
			if msg, got.err = s.receiver.Read(w.r, limit); got.err == nil {
				got.messages++
				got.idle = w.taken() <= before
			}
			got.largest = max(got.largest, len(msg))
		}
	})
	return got, ok
}

// allocated is how many bytes the program has allocated in its life. Large ones, which are those looked for, count at
// once.
func allocated() uint64 {
	sample := [1]metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}
