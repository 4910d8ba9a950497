package framingtest

import (
	"fmt"
	"io"
	"runtime/metrics"
)

// spare is the memory that a Read may take whatever it reads, and perMessage what each message may take besides its
// bytes. A buffer of 64 KiB that is set aside because of a length in some header stands out.
const (
	spare      = 32 << 10
	perMessage = 512
)

// checkMemory notes a finding if reading the stream of w to an error takes more memory than the limit and the bytes
// account for; four times over, because buffers that grow are copied. It returns what that took.
//
// All goroutines of the program are counted in. So what seems too much is measured again, and the least of all tries
// counts: the codec's own share is there each time.
func (s *suite) checkMemory(w *wire, by way, max int) (got tally, took uint64) {
	var allowed uint64
	for try := range 100 {
		w.rewind(by)
		before := allocated()
		got = s.readAll(w, max)
		now := allocated() - before
		if try == 0 || now < took {
			took = now
		}
		allowed = uint64(4*(max+w.src.next)+perMessage*got.messages+spare) + s.overhead*uint64(got.messages+1)
		if took <= allowed {
			return got, took
		}
		if s.report.has(memory) || try >= tries(took) {
			break
		}
	}
	s.find(memory, w.at, fmt.Sprintf("Read allocated %d bytes, when %d had arrived", took, w.src.next),
		fmt.Sprintf("at most some %d", allowed))
	return got, took
}

// measure is what one Read of a small message allocates whatever it reads: a decompressor, a buffer of a fixed size. It is
// allowed twice, because small pieces of memory are counted late. Where it is little, spare and perMessage are enough.
func (s *suite) measure(m sample) (least uint64) {
	w := newWire(&source{data: m.frame, end: io.EOF}, inOneRead, 4096, scene{what: m.name, max: limitText(len(m.msg))})
	const batches, reads = 10, 4
	s.call("Read", w.at, func() {
		for batch := range batches {
			before := allocated()
			for range reads {
				w.rewind(inOneRead)
				s.receiver.Read(w.Reader, len(m.msg))
			}
			if took := (allocated() - before) / reads; batch == 0 || took < least {
				least = took
			}
		}
	})
	if least < 4<<10 {
		return 0
	}
	return 2 * least
}

// tries is how often an amount of memory is measured again. Other goroutines are less likely to be the cause of much,
// and it should not be asked for often.
func tries(bytes uint64) int {
	switch {
	case bytes < 1<<20:
		return 100
	case bytes < 64<<20:
		return 20
	}
	return 2
}

// A tally is what came of reading a stream until an error.
type tally struct {
	messages int
	largest  int
	idle     bool // a message came, but no byte was taken for it
	err      error
}

// readAll reads until an error, or until a Read that took nothing. It allocates no memory itself.
func (s *suite) readAll(w *wire, max int) (got tally) {
	for {
		before := w.taken()
		msg, err := s.receiver.Read(w.Reader, max)
		if len(msg) > got.largest {
			got.largest = len(msg)
		}
		if got.err = err; err != nil {
			return got
		}
		got.messages++
		if got.idle = w.taken() <= before; got.idle {
			return got
		}
	}
}

// allocated is how many bytes the program has allocated in its life. Large ones, which are those looked for, count at
// once.
func allocated() uint64 {
	sample := [1]metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}
