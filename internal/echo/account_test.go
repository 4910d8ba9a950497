package echo_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"

	"echolab/internal/event"
)

// account is a Recorder that keeps everything it is told.
type account struct {
	mu     sync.Mutex
	events []event.Event
}

func (a *account) Record(e event.Event) {
	e.Bytes = bytes.Clone(e.Bytes)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, e)
}

// all returns the events of a kind so far, of the given stream if there is one.
func (a *account) all(kind event.Kind, dir ...event.Dir) []event.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	var found []event.Event
	for _, e := range a.events {
		if e.Ev == kind && (len(dir) == 0 || slices.Contains(dir, e.Dir)) {
			found = append(found, e)
		}
	}
	return found
}

// kinds is what happened, in order.
func (a *account) kinds() []event.Kind {
	a.mu.Lock()
	defer a.mu.Unlock()
	var kinds []event.Kind
	for _, e := range a.events {
		kinds = append(kinds, e.Ev)
	}
	return kinds
}

// await waits until there are n events of a kind, and returns them.
func (a *account) await(t *testing.T, kind event.Kind, n int) []event.Event {
	t.Helper()
	await(t, func() bool { return len(a.all(kind)) >= n }, string(kind))
	return a.all(kind)
}

// awaitText waits for an event of a kind, and returns the texts of all that there are.
func (a *account) awaitText(t *testing.T, kind event.Kind) string {
	t.Helper()
	var texts []string
	for _, e := range a.await(t, kind, 1) {
		texts = append(texts, e.Text)
	}
	return strings.Join(texts, "\n")
}

// total is how many bytes the spans of the events have.
func total(events []event.Event) (n int64) {
	for _, e := range events {
		n += int64(e.N)
	}
	return n
}

// lengths is how many bytes each of the events has.
func lengths(events []event.Event) []int {
	var n []int
	for _, e := range events {
		n = append(n, e.N)
	}
	return n
}
