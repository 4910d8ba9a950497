package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A phase is what all connections of a load do at the time, and the round trips that they have measured.
type phase struct {
	measuring atomic.Bool // record round trips
	stopping  atomic.Bool // send no more

	mu    sync.Mutex
	trips *hdrhistogram.Histogram // in nanoseconds
}

// longestTrip is more than any measurement takes.
const longestTrip = time.Hour

func newPhase() *phase {
	return &phase{trips: hdrhistogram.New(1, int64(longestTrip), 3)}
}

func (ph *phase) record(trip time.Duration, messages int) error {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	return ph.trips.RecordValues(int64(trip), int64(messages))
}

// An exchange is one connection of a load: it keeps its window full, and checks what comes back.
type exchange struct {
	conn    net.Conn
	phase   *phase
	window  int
	send    *prepared
	sent    int // messages
	r       *bufio.Reader
	echo    *echo
	batches []batch       // of those in flight, the oldest first
	done    atomic.Uint64 // messages that came back
}

// A batch is what one write sent.
type batch struct {
	at       time.Time
	messages int // that have not come back
}

// Sizes of reads and writes.
const (
	minRead = 4 << 10
	maxRead = 256 << 10
	// A write as small as this one always fits into the socket buffers on the way there and back. A larger one needs
	// somebody who reads at the same time: it might wait for a server that waits itself until its echo is read.
	safeWrite = 32 << 10
)

func newExchange(conn net.Conn, number int, l load, framed bool, ph *phase) *exchange {
	send := prepare(l, number, framed)
	r := bufio.NewReaderSize(conn, min(max(l.window*send.size, minRead), maxRead))
	return &exchange{
		conn: conn, phase: ph, window: l.window, send: send, r: r, echo: newEcho(r, send),
		batches: make([]batch, 0, l.window),
	}
}

// run sends until the phase says stop, and returns when everything has come back.
func (e *exchange) run() error {
	if e.window*e.send.size <= safeWrite {
		return e.loop(func(b []byte) error {
			_, err := e.conn.Write(b)
			return err
		})
	}
	queue := make(chan []byte, e.window) // never full: it has room for a write of each message in flight
	written := make(chan error, 1)
	go func() {
		var err error
		for b := range queue {
			if _, err = e.conn.Write(b); err != nil {
				e.conn.Close() // nobody need wait for the echo of this
				break
			}
		}
		written <- err
	}()
	err := e.loop(func(b []byte) error { queue <- b; return nil })
	close(queue)
	if err != nil {
		e.conn.Close() // a write must not wait for a server that waits for us
	}
	return errors.Join(err, <-written)
}

// loop is run with something that writes.
func (e *exchange) loop(write func([]byte) error) error {
	if err := e.fill(write, e.window, time.Now()); err != nil {
		return err
	}
	for e.echo.done < e.sent {
		n, err := e.receive()
		if err != nil {
			return fmt.Errorf("after %d of %d messages: %w", e.echo.done, e.sent, err)
		}
		now := time.Now()
		if err := e.arrived(n, now); err != nil {
			return err
		}
		if e.phase.stopping.Load() {
			continue
		}
		if err := e.fill(write, n, now); err != nil {
			return err
		}
	}
	return nil
}

// fill sends n messages more, with one write.
func (e *exchange) fill(write func([]byte) error, n int, now time.Time) error {
	e.batches = append(e.batches, batch{now, n})
	b := e.send.run(e.sent, n)
	e.sent += n
	return write(b)
}

// receive waits for one message, and takes those that came with it. It returns how many there were.
func (e *exchange) receive() (n int, err error) {
	for {
		if err := e.echo.next(); err != nil {
			return n, err
		}
		n++
		if e.echo.done == e.sent {
			if e.r.Buffered() > 0 {
				err = errors.New("more came back than was sent")
			}
			return n, err
		}
		if e.r.Buffered() < e.send.back {
			return n, nil
		}
	}
}

// arrived takes note that n messages came back.
func (e *exchange) arrived(n int, now time.Time) error {
	e.done.Add(uint64(n))
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
	e.batches = append(e.batches[:0], e.batches[whole:]...)
	return nil
}
