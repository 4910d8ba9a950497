package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/gobwas/ws"
)

// An echo reads what a server sends back, and compares it with what was sent: every byte, in order. A WebSocket message
// may come back as one frame or as several.
type echo struct {
	r      *bufio.Reader
	sent   *prepared
	done   int    // messages that came back whole
	header []byte // is read into, message after message, so that the generator allocates nothing
}

func newEcho(r *bufio.Reader, sent *prepared) *echo {
	return &echo{r: r, sent: sent, header: make([]byte, ws.MaxHeaderSize)}
}

// next reads one message more, and fails unless it is the next one that was sent.
func (e *echo) next() error {
	read := e.bytes
	if e.sent.framed {
		read = e.frames
	}
	err := read(e.sent.payloads[e.done%distinct])
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // there is no right place for an end: this message is missing
	}
	if err != nil {
		return fmt.Errorf("message %d: %w", e.done, err)
	}
	e.done++
	return nil
}

// frames reads the frames of one message, which must have that payload.
func (e *echo) frames(want []byte) error {
	state := ws.StateClientSide
	for size := len(want); ; state = state.Set(ws.StateFragmented) {
		h, err := ws.ReadHeaderBuffer(e.r, e.header)
		if err != nil {
			return err
		}
		if err := ws.CheckHeader(h, state); err != nil {
			return err
		}
		if h.OpCode != ws.OpBinary && h.OpCode != ws.OpContinuation {
			return fmt.Errorf("a frame with opcode %#x, which was not sent", byte(h.OpCode))
		}
		if h.Length > int64(len(want)) {
			return fmt.Errorf("a frame of %d bytes where %d bytes are missing", h.Length, len(want))
		}
		if err := e.bytes(want[:h.Length]); err != nil {
			return err
		}
		want = want[h.Length:]
		if !h.Fin {
			continue
		}
		if len(want) > 0 {
			return fmt.Errorf("%d of %d bytes came back", size-len(want), size)
		}
		return nil
	}
}

var errNotSent = errors.New("what came back is not what was sent")

// bytes reads bytes that must be these.
func (e *echo) bytes(want []byte) error {
	for len(want) > 0 {
		if _, err := e.r.Peek(1); err != nil { // waits, unless some are there already
			return err
		}
		got, _ := e.r.Peek(min(e.r.Buffered(), len(want)))
		if !bytes.Equal(got, want[:len(got)]) {
			return errNotSent
		}
		e.r.Discard(len(got))
		want = want[len(got):]
	}
	return nil
}
