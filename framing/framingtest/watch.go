package framingtest

import (
	"runtime"
	"sync"
	"time"
)

// A watch knows which call into the codec is under way, and since when.
type watch struct {
	mu    sync.Mutex
	verb  string
	at    scene
	since time.Time // zero: no call is under way
	over  bool      // the suite has ended: no call may begin
}

func (w *watch) begin(verb string, at scene) {
	w.mu.Lock()
	if w.over {
		w.mu.Unlock()
		runtime.Goexit() // nobody waits for this goroutine any more
	}
	defer w.mu.Unlock()
	w.verb, w.at, w.since = verb, at, time.Now()
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Time{}
}

// wait returns when the checks are done, or when one call has lasted longer than patience: then it says which.
func (w *watch) wait(done <-chan struct{}, patience time.Duration) (stuck bool, verb string, at scene) {
	tick := time.NewTicker(patience / 50)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return false, "", scene{}
		case <-tick.C:
			if stuck, verb, at = w.overdue(patience); stuck {
				return stuck, verb, at
			}
		}
	}
}

func (w *watch) overdue(patience time.Duration) (stuck bool, verb string, at scene) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = !w.since.IsZero() && time.Since(w.since) > patience
	return w.over, w.verb, w.at
}
