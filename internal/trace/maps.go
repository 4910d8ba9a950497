package trace

import (
	"sync"
)

// Maps is a Recorder that keeps what stream maps are drawn from, in bounded memory: of each layer of each stream the
// boundaries of its first 262,144 spans, and of each stream its first 128 KiB.
type Maps struct {
	mu      sync.Mutex
	streams map[streamKey]*Map
}

type streamKey struct {
	conn int
	dir  Dir
}

// Record adds the event's span to its stream's map.
func (m *Maps) Record(e Event) {
	layer, ok := layerOf(e)
	if !ok || e.Span == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.streams == nil {
		m.streams = make(map[streamKey]*Map)
	}
	key := streamKey{e.Conn, e.Dir}
	s := m.streams[key]
	if s == nil {
		s = &Map{Title: e.Dir.Words()}
		m.streams[key] = s
	}
	s.Row(layer).Add(*e.Span)
	if e.Ev != Message { // whose bytes are without their framing
		s.Keep(e.Off, e.Bytes)
	}
}

// Map returns a copy of the map of one stream; it is empty if nothing was recorded of it.
func (m *Maps) Map(conn int, dir Dir) *Map {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.streams[streamKey{conn, dir}]
	if s == nil {
		return &Map{Title: dir.Words()}
	}
	return s.clone()
}

// layerOf is the layer of a stream that an event belongs to.
func layerOf(e Event) (Layer, bool) {
	switch e.Ev {
	case Write:
		return Writes, true
	case Read:
		return Reads, true
	case Message:
		if e.Dir == e.At.Out() {
			return Sent, true
		}
		return Received, true
	}
	return 0, false
}
