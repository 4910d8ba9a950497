package cli

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"

	"echolab/internal/event"
	"echolab/internal/text"
)

// The bounds of a Queue.
const (
	queueRoom = 4 << 20  // bytes that wait for the reader
	lastRoom  = 64 << 10 // and what Last adds to that
	// together is how much is written at once, in whole lines: so much goes into a pipe whole or not at all, so that one
	// which is read only after the program was ended does not end in half a line.
	together = 4096
)

// A Queue is an output whose writers do not wait for its reader. Up to 4 MiB wait for him, in order. What has no room then
// is left out, a Write at a time, and counted, until half of the room is free again; then one line says how many were left
// out. A Write must have whole lines, and may be called concurrently. It never fails: what became of it is for what
// is below to know.
type Queue struct {
	w    io.Writer
	hole func(writes int) []byte

	mu      sync.Mutex
	pending []byte
	waiting int           // bytes that are not written yet, pending and what is being written
	room    int           // for so many
	missed  int           // writes that were left out and not told of; then something waits
	idle    chan struct{} // closed when all is written; nil until something is to be
}

// NewQueue returns a Queue to w. hole returns the line that stands for that many writes that are missing.
func NewQueue(w io.Writer, hole func(writes int) []byte) *Queue {
	return &Queue{w: w, hole: hole, room: queueRoom}
}

// Hole is the line of an account that says how many of its events were left out.
func Hole(asJSON bool) func(events int) []byte {
	return func(events int) []byte {
		var line bytes.Buffer
		rec, _ := Program{Stdout: &line}.Account(asJSON, false)
		rec.Record(event.Event{Time: time.Now(), Ev: event.Untold, Text: fmt.Sprintf(
			"nobody read this in time: %s left out here", text.Count(events, "event is", "events are"))})
		return line.Bytes()
	}
}

// Unwrap returns what is below.
func (q *Queue) Unwrap() io.Writer { return q.w }

func (q *Queue) Write(b []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.missed > 0 || q.waiting > 0 && q.waiting+len(b) > q.room {
		q.missed++
	} else {
		q.add(b)
	}
	return len(b), nil
}

// add lets b wait, and sees to it that somebody writes it.
func (q *Queue) add(b []byte) {
	nobody := q.waiting == 0
	q.pending = append(q.pending, b...)
	q.waiting += len(b)
	if nobody && len(b) > 0 {
		q.idle = make(chan struct{})
		go q.drain(q.idle)
	}
}

// drain writes until nothing waits.
func (q *Queue) drain(idle chan struct{}) {
	defer close(idle)
	var all []byte
	for {
		q.mu.Lock()
		all, q.pending = q.pending, all[:0]
		q.mu.Unlock()
		for rest := all; len(rest) > 0; {
			n := wholeLines(rest)
			_, _ = q.w.Write(rest[:n])
			if rest = rest[n:]; q.written(n) == 0 {
				return
			}
		}
	}
}

// written notes that n bytes wait no longer, and returns how many do.
func (q *Queue) written(n int) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting -= n
	if q.missed > 0 && q.waiting <= q.room/2 {
		q.tell()
	}
	if q.waiting == 0 {
		q.pending = nil // a burst should not cost its memory for ever
	}
	return q.waiting
}

// tell adds the line that stands for what was left out.
func (q *Queue) tell() {
	line := q.hole(q.missed)
	q.missed = 0
	q.pending = append(q.pending, line...)
	q.waiting += len(line)
}

// wholeLines is how many bytes of b to write at once.
func wholeLines(b []byte) int {
	if n := bytes.LastIndexByte(b[:min(len(b), together)], '\n') + 1; n > 0 {
		return n
	}
	if n := bytes.IndexByte(b, '\n') + 1; n > 0 {
		return n
	}
	return len(b)
}

// Last makes room for what the program says in the end: 64 KiB, after the line about what was left out before.
func (q *Queue) Last() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.missed > 0 { // so something waits, and somebody writes
		q.tell()
	}
	q.room = max(q.room, q.waiting) + lastRoom
}

// Flush waits until all is written, but no longer than limit. The error says how much is not.
func (q *Queue) Flush(limit time.Duration) error {
	q.mu.Lock()
	idle := q.idle
	q.mu.Unlock()
	if idle == nil {
		return nil
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-idle:
		return nil
	case <-timer.C:
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting == 0 {
		return nil
	}
	return fmt.Errorf("nobody read its last %s", text.Bytes(int64(q.waiting)))
}
