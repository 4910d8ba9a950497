package framing_test

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing/iotest"
)

// newSmallReader has the smallest buffer that there is, 16 bytes.
func newSmallReader(stream string) *bufio.Reader {
	return bufio.NewReaderSize(strings.NewReader(stream), 16)
}

// newBrokenReader has a stream that breaks with err after the bytes.
func newBrokenReader(stream []byte, err error) *bufio.Reader {
	return bufio.NewReader(io.MultiReader(bytes.NewReader(stream), iotest.ErrReader(err)))
}

// endless is a stream that repeats its bytes for ever.
type endless struct {
	data []byte
	next int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.next == len(e.data) {
		e.next = 0
	}
	n := copy(p, e.data[e.next:])
	e.next += n
	return n, nil
}
