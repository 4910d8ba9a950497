package decode

import (
	"bytes"
	"fmt"
	"strconv"

	"echolab/internal/event"
	"echolab/internal/text"
)

// A message is one of HTTP: a head, and a body of which only the length is of interest.
type message struct {
	from    int64  // the offset of its first byte
	end     int64  // the offset after it
	head    []byte // with the empty line
	text    string // the request or the status, in short
	missing int64  // bytes of the body that the capture does not have
}

// message reports an HTTP message that ends at the offset.
func (s *stream) message(m *message, end int64) {
	m.end = end
	sentence := m.text
	if size := end - m.from - int64(len(m.head)); size > 0 {
		sentence += ", the head and " + text.Bytes(size) + " of body"
	}
	if m.missing > 0 {
		sentence += "; " + missingText(m.missing, " of it")
	}
	s.tell(event.Event{Ev: event.Message, Span: span(m.from, end), Bytes: m.head, Text: sentence})
}

// missingText says that n bytes are not in the capture; of names what they belong to.
func missingText(n int64, of string) string {
	return text.Count(n, "byte"+of+" is", "bytes"+of+" are") + " not in the capture"
}

// An extent says where a body ends (RFC 9112 section 6.3).
type extent interface {
	// take takes what b has of the body.
	take(b []byte) (n int, done bool, err error)
	// miss passes over what n unknown bytes are of the body: none if its end cannot be known any more.
	miss(n int64) (missed int64, done bool)
	// ends says whether the end of the stream is the end of the body.
	ends() bool
}

// bodyOf is the extent of a body by its head. Without a length, a request has none, and a response's ends with its
// stream.
func bodyOf(length int64, encoding []string, response bool) extent {
	switch {
	case len(encoding) > 0:
		return &chunked{}
	case length >= 0:
		return &sized{length}
	case response:
		return unsized{}
	}
	return &sized{}
}

// A body passes over the body of a message.
type body struct {
	s *stream
	m *message
	extent
	done func() // puts the next decoder in place; the message is told by then, or left to done
}

// newBody puts the decoder for the body of m in place, which reports m at its end. A request that asks for another
// protocol is reported later, when it is known whether it was a message of this one.
func newBody(s *stream, m *message, e extent, done func()) {
	b := &body{s: s, m: m, extent: e, done: done}
	if none, ok := e.(*sized); ok && none.left == 0 {
		b.finish(m.from + int64(len(m.head)))
		return
	}
	s.decoder = b
}

func (d *body) take(b []byte) int {
	n, done, err := d.extent.take(b)
	if err != nil {
		d.s.stop("the body of the message at offset %s: %v; what follows cannot be decoded",
			text.Number(d.m.from), err)
		return len(b)
	}
	d.s.carried.add(ofBody, thing{text: brief(d.m.text), to: int64(n)})
	if done {
		d.finish(d.s.next + int64(n))
	}
	return n
}

func (d *body) miss(n int64) int64 {
	missed, done := d.extent.miss(n)
	d.m.missing += missed
	switch {
	case missed == 0:
		d.s.stop("the body of the message at offset %s: the bytes at offset %s are not in the capture; "+
			"what follows cannot be decoded", text.Number(d.m.from), text.Number(d.s.next))
		return n
	case done:
		d.finish(d.s.next + missed)
	}
	return missed
}

func (d *body) end() {
	if d.ends() {
		d.finish(d.s.next)
		return
	}
	d.s.failed("the message at offset %s does not end in the capture", text.Number(d.m.from))
}

func (d *body) holds() int {
	n := len(d.m.head) + len(d.m.text)
	if e, ok := d.extent.(*chunked); ok {
		n += cap(e.line)
	}
	return n
}

func (d *body) finish(end int64) {
	d.m.end = end
	if d.s.dir == event.ServerToClient {
		d.s.message(d.m, end)
	}
	d.done()
}

// sized is a body with a Content-Length.
type sized struct{ left int64 }

func (e *sized) take(b []byte) (n int, done bool, err error) {
	missed, done := e.miss(int64(len(b)))
	return int(missed), done, nil
}

func (e *sized) miss(n int64) (missed int64, done bool) {
	n = min(n, e.left)
	e.left -= n
	return n, e.left == 0
}

func (*sized) ends() bool { return false }

// unsized is a body that ends with its stream.
type unsized struct{}

func (unsized) take(b []byte) (n int, done bool, err error) { return len(b), false, nil }
func (unsized) miss(n int64) (missed int64, done bool)      { return n, false }
func (unsized) ends() bool                                  { return true }

// chunked is a body in chunks (RFC 9112 section 7.1).
type chunked struct {
	left    int64  // bytes of the chunk's data that are to come
	line    []byte // of a chunk's size, of the end of its data, or of a trailer
	part    part
	trailer int // bytes of all trailers
}

// A part of a chunked body is what its next line is.
type part int

const (
	chunkSize part = iota
	chunkEnd
	trailers
)

// maxLine is the most bytes that a line between chunks may have, and maxTrailers those of all lines after the last.
const (
	maxLine     = 4 << 10
	maxTrailers = 64 << 10
)

func (e *chunked) take(b []byte) (n int, done bool, err error) {
	if e.left > 0 {
		missed, _ := e.miss(int64(len(b)))
		return int(missed), false, nil
	}
	n = len(b)
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		n = i + 1
	}
	if e.line = append(e.line, b[:min(n, maxLine+1)]...); len(e.line) > maxLine {
		return n, false, fmt.Errorf("a line between its chunks is longer than %s", text.Bytes(maxLine))
	}
	if b[n-1] != '\n' {
		return n, false, nil
	}
	line := bytes.TrimRight(e.line, "\r\n")
	done, err = e.next(line)
	e.line = e.line[:0]
	return n, done, err
}

// next takes a whole line.
func (e *chunked) next(line []byte) (done bool, err error) {
	switch e.part {
	case chunkSize:
		digits, _, _ := bytes.Cut(line, []byte(";")) // an extension follows
		digits = bytes.TrimRight(digits, " \t")
		size, err := strconv.ParseUint(string(digits), 16, 62)
		if err != nil {
			return false, fmt.Errorf("%.40q is not a chunk size", line)
		}
		e.left, e.part = int64(size), chunkEnd
		if size == 0 {
			e.part = trailers
		}
	case chunkEnd:
		if len(line) > 0 {
			return false, fmt.Errorf("%.40q is where the data of a chunk should have ended", line)
		}
		e.part = chunkSize
	case trailers:
		if e.trailer += len(line); e.trailer > maxTrailers {
			return false, fmt.Errorf("its trailers are longer than %s", text.Bytes(maxTrailers))
		}
		return len(line) == 0, nil
	}
	return false, nil
}

// miss passes over data: of the lines between chunks no byte may be missing.
func (e *chunked) miss(n int64) (missed int64, done bool) {
	n = min(n, e.left)
	e.left -= n
	return n, false
}

func (*chunked) ends() bool { return false }
