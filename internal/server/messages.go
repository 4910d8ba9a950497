package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"

	"echolab/internal/event"
	"echolab/internal/text"
)

// batch is how many bytes of echoes are collected at most before they are written.
const batch = 64 << 10

// A mailbox is the stream below a codec. It collects the echoes and writes them in one go when there is nothing left
// to read without waiting: all whole messages that one read brought are answered with one write, and none waits for
// the next.
type mailbox struct {
	c    *conn
	r    io.Reader // of c
	size int       // the most bytes that one read takes
	out  []byte

	first []byte // read already
}

// Read takes what is there, after all that is owed has been written.
func (m *mailbox) Read(p []byte) (int, error) {
	if err := m.flush(); err != nil {
		return 0, err
	}
	if len(m.first) > 0 {
		n := copy(p[:min(len(p), m.size)], m.first)
		m.first = m.first[n:]
		return n, nil
	}
	m.c.arm()
	n, err := m.r.Read(p[:min(len(p), m.size)])
	m.c.received(n)
	return n, err
}

func (m *mailbox) flush() error {
	if len(m.out) == 0 {
		return nil
	}
	err := m.c.send(m.out)
	if m.out = m.out[:0]; cap(m.out) > 4*batch {
		m.out = nil // one large message should not cost its memory for the rest of the connection
	}
	return err
}

// echoMessages sends back every message that the codec makes out. The first bytes were read already.
func (c *conn) echoMessages(first []byte) error {
	size := orDefault(c.srv.ReadBuffer, DefaultReadBuffer)
	limit := orDefault(c.srv.MaxMessage, DefaultMaxMessage)
	box := &mailbox{c: c, r: c.reader(), size: size, first: bytes.Clone(first)}
	r := bufio.NewReaderSize(box, size)
	at := func() int64 { return c.bytesIn - int64(len(box.first)+r.Buffered()) } // how far the codec has come
	for {
		start := at()
		msg, err := c.srv.Codec.Read(r, limit)
		if err == io.EOF {
			return nil // Read has flushed before it met the end
		}
		if err != nil {
			return c.explain(err, r, start, box)
		}
		c.recordMessage(start, at(), msg)
		if box.out, err = c.srv.Codec.Append(box.out, msg); err != nil {
			return c.explain(err, r, start, box) // what can be read need not be what can be sent: "\r\r\n" in lines
		}
		c.messages++
		if len(box.out) >= batch {
			if err := box.flush(); err != nil {
				return err
			}
		}
	}
}

func (c *conn) recordMessage(from, to int64, msg []byte) {
	if c.srv.Recorder != nil {
		c.record(event.Event{Ev: event.Message, Dir: event.ClientToServer,
			Span: &event.Span{Off: from, N: int(to - from)}, Bytes: msg})
	}
}

// explain writes what is still owed and says which bytes, where, the codec would not take.
func (c *conn) explain(err error, r *bufio.Reader, start int64, box *mailbox) error {
	if ferr := box.flush(); ferr != nil {
		return ferr
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		return err // the network's, not the codec's
	}
	came := "" // the codec may have taken some of them; then only the place is known
	if n := r.Buffered(); c.bytesIn-int64(len(box.first)+n) == start {
		b, _ := r.Peek(n)
		came = ", which began with " + text.Quote(b, 16)
	}
	where := fmt.Sprintf("the message at offset %s%s", text.Number(start), came)
	if err == io.ErrUnexpectedEOF {
		where = "the stream ended inside " + where
	}
	return fmt.Errorf("%s: %w", where, err)
}
