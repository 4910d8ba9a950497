package cli

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// backlogLimit is how many bytes a Backlog keeps for whoever reads slowly.
const backlogLimit = 4 << 20

// A Backlog is an output that holds nobody up: what is written to it is written on by a goroutine of its own. While more than
// 4 MiB wait to be read, what is written is left out, a whole Write at a time, and counted. Once half of that is read, Note
// says how many were left out, in their place. Its methods may be called concurrently.
type Backlog struct {
	Note func(lost int) []byte

	w    io.Writer
	done chan struct{} // closed when all that it will write is written

	mu     sync.Mutex
	news   sync.Cond
	held   bytes.Buffer
	lost   int
	closed bool
}

// NewBacklog returns a Backlog before w. It has a goroutine until it is flushed.
func NewBacklog(w io.Writer) *Backlog {
	b := &Backlog{w: w, done: make(chan struct{})}
	b.news.L = &b.mu
	go b.run()
	return b
}

// Unwrap returns what is behind it.
func (b *Backlog) Unwrap() io.Writer { return b.w }

// Write keeps a copy of p to be written. It never fails: what is behind it knows the first error.
func (b *Backlog) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	room := backlogLimit - b.held.Len()
	if len(p) > room || b.lost > 0 && room < backlogLimit/2 {
		b.lost++
		return len(p), nil
	}
	b.tellLost()
	b.held.Write(p)
	b.news.Signal()
	return len(p), nil
}

func (b *Backlog) tellLost() {
	if b.lost > 0 {
		b.held.Write(b.Note(b.lost))
		b.lost = 0
	}
}

func (b *Backlog) run() {
	defer close(b.done)
	b.mu.Lock()
	defer b.mu.Unlock()
	var out bytes.Buffer
	for {
		for b.held.Len() == 0 && !b.closed {
			b.news.Wait()
		}
		if b.held.Len() == 0 {
			return
		}
		out, b.held = b.held, out // what is being written leaves its room
		b.mu.Unlock()
		_, err := out.WriteTo(b.w)
		b.mu.Lock()
		if err != nil { // nobody will read the rest either
			out.Reset()
			b.held.Reset()
		}
	}
}

// Flush writes what is left, and ends with ctx where it is not read. Nothing may be written after it.
func (b *Backlog) Flush(ctx context.Context) {
	b.mu.Lock()
	b.tellLost()
	b.closed = true
	b.news.Signal()
	b.mu.Unlock()
	select {
	case <-b.done:
	case <-ctx.Done():
	}
}
