package client

import (
	"sync"

	"echolab/internal/event"
)

// A gate passes events on to a Recorder until it is shut. A sender whose input blocks outlives Run: what it does then
// belongs to no account, of which the result was the last line.
type gate struct {
	mu  sync.Mutex
	rec event.Recorder // nil when shut
}

func (g *gate) Record(e event.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rec != nil {
		g.rec.Record(e)
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rec = nil
}
