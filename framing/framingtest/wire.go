package framingtest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
)

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
