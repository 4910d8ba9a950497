package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// watched is an output that a test can wait on.
type watched struct {
	mu  sync.Mutex
	b   bytes.Buffer
	new chan struct{} // closed with the next write
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.new != nil {
		close(w.new)
		w.new = nil
	}
	return w.b.Write(b)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// await waits until the text was written.
func (w *watched) await(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(watchdog)
	for {
		w.mu.Lock()
		written := w.b.String()
		if w.new == nil {
			w.new = make(chan struct{})
		}
		next := w.new
		w.mu.Unlock()
		if strings.Contains(written, text) {
			return
		}
		select {
		case <-next:
		case <-deadline:
			require.Fail(t, "it was not written", "%q in %q", text, written)
		}
	}
}
