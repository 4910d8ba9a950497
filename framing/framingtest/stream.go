package framingtest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// A stream is messages one after the other.
type stream struct {
	name    string
	samples []sample
	data    []byte
	ends    []int // the offset after each message
	largest int   // the size of the largest message
}

func newStream(samples ...sample) stream {
	st := stream{samples: samples, name: samples[0].name}
	var sizes []string
	for _, m := range samples {
		st.data = append(st.data, m.frame...)
		st.ends = append(st.ends, len(st.data))
		st.largest = max(st.largest, len(m.msg))
		sizes = append(sizes, fmt.Sprint(len(m.msg)))
	}
	if len(sizes) > 12 {
		sizes = append(sizes[:12], "...")
	}
	if len(samples) > 1 {
		st.name = fmt.Sprintf("%d messages of %s bytes", len(samples), strings.Join(sizes, ", "))
	}
	return st
}

// mix makes streams of several messages: three that are easy to follow, then all sizes upwards and downwards, one size
// in a row with empty ones between, and long ones.
func (s *suite) mix() {
	s.mixed = []stream{newStream(s.atLeast(5), s.atLeast(0), s.atLeast(12))}
	short := slices.DeleteFunc(slices.Clone(s.bySize), func(m sample) bool { return len(m.msg) > shortSize })
	if n := len(short); n > 0 {
		up := slices.Concat(short[:min(n, 6)], short[max(n-6, min(n, 6)):])
		down := slices.Clone(up)
		slices.Reverse(down)
		s.mixed = append(s.mixed, newStream(up...), newStream(slices.Concat(down, up)...))
	}
	empty := s.bySize[0]
	for _, m := range s.picked() {
		var list []sample
		for seed := range 6 {
			if list = append(list, s.another(m, seed)...); len(empty.msg) == 0 && seed > 1 {
				list = append(list, empty, empty)
			}
		}
		s.mixed = append(s.mixed, newStream(append(list, m)...))
	}
	if first, last := s.atLeast(4095), s.bySize[len(s.bySize)-1]; len(last.msg) > shortSize {
		s.mixed = append(s.mixed, newStream(last, empty, first, empty, first, last))
	}
	for _, list := range [][]sample{s.special, short} {
		if len(list) > 0 {
			s.rows = append(s.rows, newStream(list...))
		}
	}
}

var (
	// errBroken stands for a connection that breaks.
	errBroken = errors.New("framingtest: the connection broke")
	// errTimeout stands for a deadline that passed: the stream itself can go on, but Read must not.
	errTimeout = fmt.Errorf("framingtest: %w", os.ErrDeadlineExceeded)
	// errStall stands for a peer that sends no more for now: where a wire gives it, a real connection would wait.
	errStall = errors.New("framingtest: a read that would wait for ever")
)

// A way is how a stream is cut into the pieces that single reads bring. That the end may come beside the last bytes, or
// a read bring nothing, is io.Reader's contract.
type way struct {
	name   string
	bytes  int  // as many as one read brings at most, if not 0
	halves bool // no read goes across the middle
	half   bool // a read brings half of what it could
	early  bool // the end comes beside the last bytes
	idle   bool // every other read brings nothing
}

var (
	inOneRead  = way{name: "in one read"}
	withEnd    = way{name: "in one read, with the end beside the last bytes", early: true}
	byteByByte = way{name: "one byte at a time", bytes: 1}

	ways = []way{
		inOneRead,
		withEnd,
		byteByByte,
		{name: "one byte at a time, with the end beside the last", bytes: 1, early: true},
		{name: "one byte at a time, each after a read of nothing", bytes: 1, idle: true},
		{name: "in two halves", halves: true},
		{name: "in reads half as large as asked for", half: true},
	}
)

// A wire is a stream on its way to a codec. It hands out the bytes, and counts them.
type wire struct {
	r     *bufio.Reader // what the codec reads from
	at    scene
	data  []byte
	by    way
	end   error  // what follows the bytes
	split int    // no single read goes across this offset
	once  error  // one read at split fails with it, and brings nothing; then the stream goes on
	hook  func() // runs at the beginning of each read

	next int  // bytes handed out
	past int  // reads that found nothing left
	busy bool // the last read brought something
}

// The sizes of bufio.Reader that streams are read through: the usual one, the smallest that there is, and one that
// holds any of the suite's own messages whole.
const (
	usual    = 4096
	smallest = 16
	spacious = 1 << 17
)

func newWire(r *bufio.Reader, data []byte, end error, by way, at scene) *wire {
	at.way, at.buffer = by.name, r.Size()
	w := &wire{r: r, at: at, data: data, by: by, end: end}
	if by.halves {
		w.split = len(data) / 2
	}
	r.Reset(w)
	return w
}

// wire has a bufio.Reader that an earlier wire had, which must be done with. It is filled with other bytes first: what is
// left of a message must not pass for the next one.
func (s *suite) wire(data []byte, end error, by way, buffer int, at scene) *wire {
	r := s.readers[buffer]
	if r == nil {
		r = bufio.NewReaderSize(nil, buffer)
		s.readers[buffer] = r
	}
	s.filler.Reset(fillers)
	r.Reset(&s.filler)
	r.Peek(buffer)
	return newWire(r, data, end, by, at)
}

var fillers = bytes.Repeat([]byte{0xa5}, spacious)

// rewind starts the stream again.
func (w *wire) rewind() {
	w.next, w.past, w.busy = 0, 0, false
	w.r.Reset(w)
}

// taken is how many bytes were taken from the bufio.Reader.
func (w *wire) taken() int { return w.next - w.r.Buffered() }

// enoughReads is how often a codec may ask for more when nothing is left.
const enoughReads = 100

func (w *wire) Read(p []byte) (int, error) {
	if w.hook != nil {
		w.hook()
	}
	if w.by.idle {
		if w.busy = !w.busy; w.busy {
			return 0, nil
		}
	}
	if w.once != nil && w.next == w.split {
		err := w.once
		w.once = nil
		return 0, err
	}
	if w.next == len(w.data) {
		if w.past++; w.past > enoughReads {
			panic(runaway(enoughReads))
		}
		return 0, w.end
	}
	most := len(p)
	if w.by.half {
		most = (most + 1) / 2
	}
	if w.by.bytes > 0 {
		most = min(most, w.by.bytes)
	}
	stop := len(w.data)
	if w.next < w.split {
		stop = w.split
	}
	n := copy(p[:most], w.data[w.next:stop])
	w.next += n
	if w.by.early && w.next == len(w.data) {
		return n, w.end
	}
	return n, nil
}
