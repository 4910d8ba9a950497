package labtest

import (
	"strings"
	"testing"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
)

// An Account is a Recorder that keeps everything it gets, and can be waited for.
type Account struct{ eventtest.List }

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
