package labtest

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"

	"echolab/internal/event"
)

// An Account is a Recorder that keeps everything it gets.
type Account struct {
	mu     sync.Mutex
	Events []event.Event
}

func (a *Account) Record(e event.Event) {
	e.Bytes = bytes.Clone(e.Bytes)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Events = append(a.Events, e)
}

// All returns the events of a kind so far, of the given stream if there is one.
func (a *Account) All(kind event.Kind, dir ...event.Dir) []event.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	var found []event.Event
	for _, e := range a.Events {
		if e.Ev == kind && (len(dir) == 0 || slices.Contains(dir, e.Dir)) {
			found = append(found, e)
		}
	}
	return found
}

// Kinds is what happened, in order.
func (a *Account) Kinds() []event.Kind {
	a.mu.Lock()
	defer a.mu.Unlock()
	var kinds []event.Kind
	for _, e := range a.Events {
		kinds = append(kinds, e.Ev)
	}
	return kinds
}

// Await waits until there are n events of a kind, and returns them.
func (a *Account) Await(t *testing.T, kind event.Kind, n int) []event.Event {
	t.Helper()
	Await(t, func() bool { return len(a.All(kind)) >= n }, string(kind))
	return a.All(kind)
}

// AwaitText waits for an event of a kind, and returns the texts of all that there are.
func (a *Account) AwaitText(t *testing.T, kind event.Kind) string {
	t.Helper()
	var texts []string
	for _, e := range a.Await(t, kind, 1) {
		texts = append(texts, e.Text)
	}
	return strings.Join(texts, "\n")
}

// Total is how many bytes the spans of the events have.
func Total(events []event.Event) (n int64) {
	for _, e := range events {
		n += int64(e.N)
	}
	return n
}

// Lengths is how many bytes each of the events has.
func Lengths(events []event.Event) []int {
	var n []int
	for _, e := range events {
		n = append(n, e.N)
	}
	return n
}
