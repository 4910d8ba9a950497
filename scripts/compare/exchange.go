package main

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// A phase is what all connections of a load do.
type phase struct {
	measuring atomic.Bool // record round trips
	stopping  atomic.Bool // send no more
}

// An exchange is one connection of a load: it keeps its window full, and checks what comes back.
type exchange struct {
	conn    net.Conn
	phase   *phase
	window  int
	send    *prepared
	check   checker
	sent    int           // messages
	batches []batch       // of those in flight, the oldest first
	done    atomic.Uint64 // messages that came back
	trips   histogram     // their round trips
}

// A batch is what one write sent.
type batch struct {
	at       time.Time
	messages int
}

func newExchange(conn net.Conn, number int, l load, framed bool, ph *phase) *exchange {
	send := prepare(l, number, framed)
	return &exchange{
		conn: conn, phase: ph, window: l.window, send: send, check: checker{sent: send},
		batches: make([]batch, 0, l.window),
	}
}

// Sizes of reads and writes.
const (
	minRead = 4 << 10
	maxRead = 256 << 10
	// A write as small as this one always fits into the socket buffers on the way there and back. A larger one needs
	// somebody who reads at the same time: it might wait for a server that waits itself until its echo is read.
	safeWrite = 32 << 10
)

// run sends until the phase says stop, and returns when everything has come back.
func (e *exchange) run() error {
	if e.window*e.send.size <= safeWrite {
		return e.loop(func(b []byte) error {
			_, err := e.conn.Write(b)
			return err
		})
	}
	w := newWriter(e.conn, e.window)
	err := e.loop(w.write)
	if err != nil {
		e.conn.Close() // a write must not wait for a server that waits for us
	}
	return errors.Join(err, w.end())
}

// loop is run with something that writes.
func (e *exchange) loop(write func([]byte) error) error {
	if err := e.fill(write, e.window, time.Now()); err != nil {
		return err
	}
	buf := make([]byte, min(max(e.window*e.send.size, minRead), maxRead))
	for e.check.done < e.sent {
		n, err := e.conn.Read(buf)
		if err != nil {
			return fmt.Errorf("after %d of %d messages: %w", e.check.done, e.sent, err)
		}
		completed, err := e.check.feed(buf[:n])
		if err != nil {
			return err
		}
		if e.check.done > e.sent || e.check.done == e.sent && e.check.amid() {
			return fmt.Errorf("more came back than the %d messages that were sent", e.sent)
		}
		if completed == 0 {
			continue
		}
		now := time.Now()
		e.arrived(completed, now)
		if e.phase.stopping.Load() {
			continue
		}
		if err := e.fill(write, completed, now); err != nil {
			return err
		}
	}
	return nil
}

// fill sends n messages more.
func (e *exchange) fill(write func([]byte) error, n int, now time.Time) error {
	e.batches = append(e.batches, batch{now, n})
	b := e.send.run(e.sent, n)
	e.sent += n
	return write(b)
}

// arrived takes note that n messages came back.
func (e *exchange) arrived(n int, now time.Time) {
	e.done.Add(uint64(n))
	measuring := e.phase.measuring.Load()
	whole := 0 // batches
	for n > 0 {
		oldest := &e.batches[whole]
		k := min(n, oldest.messages)
		if measuring {
			e.trips.add(now.Sub(oldest.at), k)
		}
		n -= k
		if oldest.messages -= k; oldest.messages == 0 {
			whole++
		}
	}
	e.batches = append(e.batches[:0], e.batches[whole:]...)
}

// A writer writes for somebody who reads at the same time.
type writer struct {
	conn  net.Conn
	queue chan []byte // never full: it has room for a write of each message in flight
	ended chan error
}

func newWriter(conn net.Conn, window int) *writer {
	w := &writer{conn: conn, queue: make(chan []byte, window), ended: make(chan error, 1)}
	go func() { w.ended <- w.run() }()
	return w
}

func (w *writer) run() error {
	for b := range w.queue {
		if _, err := w.conn.Write(b); err != nil {
			w.conn.Close() // nobody need wait for the echo of this
			return err
		}
	}
	return nil
}

func (w *writer) write(b []byte) error {
	w.queue <- b
	return nil
}

// end returns when everything is written, with the error if that failed.
func (w *writer) end() error {
	close(w.queue)
	return <-w.ended
}
