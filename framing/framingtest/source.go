package framingtest

import (
	"bufio"
	"io"
	"math"
	"strconv"
	"testing/iotest"
)

// A source hands out the bytes of a stream, and counts them.
type source struct {
	data  []byte
	next  int    // bytes handed out
	split int    // no single read goes across this offset
	end   error  // what follows the bytes
	early bool   // the end comes together with the last bytes
	past  int    // reads that found nothing left
	hook  func() // runs at the beginning of each read
	once  error  // one read at split fails with it, and brings nothing; then the stream goes on
}

// runaway is the panic that stops a codec which reads on and on when nothing is left; its value is how often it did.
type runaway int

const enoughReads = 1000

func (s *source) Read(p []byte) (int, error) {
	if s.hook != nil {
		s.hook()
	}
	if s.once != nil && s.next == s.split {
		err := s.once
		s.once = nil
		return 0, err
	}
	if s.next == len(s.data) {
		if s.past++; s.past > enoughReads {
			panic(runaway(enoughReads))
		}
		return 0, s.end
	}
	stop := len(s.data)
	if s.next < s.split {
		stop = min(stop, s.split)
	}
	n := copy(p, s.data[s.next:stop])
	s.next += n
	if s.early && s.next == len(s.data) {
		return n, s.end
	}
	return n, nil
}

// A way is how a stream is cut into the pieces that single reads bring.
type way struct {
	name string
	cut  func(*source) io.Reader
}

var inOneRead = way{"in one read", func(s *source) io.Reader { return s }}

var byteByByte = way{"one byte at a time", func(s *source) io.Reader { return iotest.OneByteReader(s) }}

// ways are all of them. That the data may come together with the error, or a read bring nothing, is io.Reader's
// contract.
var ways = []way{
	inOneRead,
	byteByByte,
	{"in two halves", func(s *source) io.Reader { s.split = len(s.data) / 2; return s }},
	{"in reads half as large as asked for", func(s *source) io.Reader { return iotest.HalfReader(s) }},
	{"with io.EOF beside the last bytes", func(s *source) io.Reader { return iotest.DataErrReader(s) }},
	{"one byte at a time, with io.EOF beside the last", func(s *source) io.Reader {
		return iotest.DataErrReader(iotest.OneByteReader(s))
	}},
	{"one byte at a time, each behind a read of nothing", func(s *source) io.Reader { return &idler{r: s} }},
}

// An idler brings nothing in every other read, and else one byte.
type idler struct {
	r    io.Reader
	busy bool
}

func (i *idler) Read(p []byte) (int, error) {
	i.busy = !i.busy
	if i.busy || len(p) == 0 {
		return 0, nil
	}
	return i.r.Read(p[:1])
}

// A wire is a stream on its way to a codec.
type wire struct {
	*bufio.Reader
	src *source
	at  scene
}

// newWire gives src a bufio.Reader of that size.
func newWire(src *source, by way, buffer int, at scene) *wire {
	at.way, at.buffer = by.name, buffer
	return &wire{bufio.NewReaderSize(by.cut(src), buffer), src, at}
}

// rewind starts the stream again.
func (w *wire) rewind(by way) {
	w.src.next, w.src.past = 0, 0
	w.Reset(by.cut(w.src))
}

// taken is how many bytes were taken from the reader. It is right only for ways that do not read ahead themselves.
func (w *wire) taken() int { return w.src.next - w.Buffered() }

// buffers are the sizes of bufio.Reader that n bytes are read through: the usual one, the smallest that there is, and
// one that holds them all.
func buffers(n int) []int { return []int{4096, 16, n + 64} }

// fewBuffers are those for streams that are read many times.
func fewBuffers(n int) []int {
	if n > longStream {
		return []int{4096}
	}
	return []int{4096, 16}
}

func limitText(max int) string {
	if max == math.MaxInt {
		return "the largest int"
	}
	return strconv.Itoa(max)
}
