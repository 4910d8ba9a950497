package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// An exchange is one connection of a load: it keeps its window full, and compares every byte that comes back. A message
// must come back as one frame, as all servers here echo it.
type exchange struct {
	conn      net.Conn
	phase     *phase
	window    int
	out, back stream
	sent      int // messages
	came      int // bytes
	buf       []byte
	batches   []batch // of those in flight, the oldest first
}

// A batch is what one write sent.
type batch struct {
	at       time.Time
	messages int // that have not come back
}

// A write as small as safeWrite always fits into the socket buffers on the way there and back. A larger one needs
// somebody who reads at the same time: it might wait for a server that waits itself until its echo is read.
const safeWrite = 32 << 10

func newExchange(conn net.Conn, number int, l load, framed bool, ph *phase) *exchange {
	e := &exchange{conn: conn, phase: ph, window: l.window, batches: make([]batch, 0, l.window)}
	e.out, e.back = streams(l, number, framed)
	e.buf = make([]byte, e.back.most)
	return e
}

// run sends until the phase says stop, and returns when everything has come back.
func (e *exchange) run() error {
	write := func(b []byte) error {
		_, err := e.conn.Write(b)
		return err
	}
	if e.window*e.out.size <= safeWrite {
		return e.loop(write)
	}
	queue := make(chan []byte, e.window) // never full: it has room for a write of each message in flight
	var writing errgroup.Group
	writing.Go(func() error {
		for b := range queue {
			if err := write(b); err != nil {
				e.conn.Close() // nobody need wait for the echo of this
				return err
			}
		}
		return nil
	})
	err := e.loop(func(b []byte) error { queue <- b; return nil })
	close(queue)
	if err != nil {
		e.conn.Close() // a write must not wait for a server that waits for us
	}
	return errors.Join(err, writing.Wait())
}

// loop is run with something that writes.
func (e *exchange) loop(write func([]byte) error) error {
	for n, now := e.window, time.Now(); ; {
		if !e.phase.stopping.Load() || e.sent == 0 {
			piece := e.out.piece(e.sent*e.out.size, n*e.out.size)
			e.batches = append(e.batches, batch{now, n})
			e.sent += n
			if err := write(piece); err != nil {
				return err
			}
		}
		if e.came == e.sent*e.back.size {
			return nil
		}
		var err error
		if n, err = e.receive(); err != nil {
			return fmt.Errorf("after %d of %d messages: %w", e.came/e.back.size, e.sent, err)
		}
		now = time.Now()
		if err := e.arrived(n, now); err != nil {
			return err
		}
	}
}

// receive waits for a message, and takes those that come with it. It returns how many there were.
func (e *exchange) receive() (messages int, err error) {
	before := e.came / e.back.size
	for messages == 0 {
		n, err := e.conn.Read(e.buf)
		missing := e.sent*e.back.size - e.came
		if err := e.check(e.buf[:min(n, missing)]); err != nil {
			return 0, err
		}
		e.came += min(n, missing)
		switch messages = e.came/e.back.size - before; {
		case n > missing:
			return 0, errors.New("more came back than was sent")
		case messages > 0: // another Read reports err again
		case err == io.EOF:
			return 0, io.ErrUnexpectedEOF // there is no right place for an end: a message is missing
		case err != nil:
			return 0, err
		}
	}
	return messages, nil
}

// check says where the bytes that came differ from those that must come next.
func (e *exchange) check(got []byte) error {
	want := e.back.piece(e.came, len(got))
	if bytes.Equal(got, want) {
		return nil
	}
	i := 0
	for got[i] == want[i] {
		i++
	}
	at, end := e.came+i, min(i+8, len(got))
	return fmt.Errorf("message %d: %w: from its byte %d on % x instead of % x",
		at/e.back.size, errNotSent, at%e.back.size, got[i:end], want[i:end])
}

var errNotSent = errors.New("what came back is not what was sent")

// arrived takes note that n messages came back.
func (e *exchange) arrived(n int, now time.Time) error {
	e.phase.done.Add(int64(n))
	measuring := e.phase.measuring.Load()
	whole := 0 // batches
	for n > 0 {
		oldest := &e.batches[whole]
		k := min(n, oldest.messages)
		if measuring {
			if err := e.phase.record(now.Sub(oldest.at), k); err != nil {
				return err
			}
		}
		n -= k
		if oldest.messages -= k; oldest.messages == 0 {
			whole++
		}
	}
	e.batches = slices.Delete(e.batches, 0, whole)
	return nil
}
