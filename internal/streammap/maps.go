package streammap

import (
	"sync"

	"echolab/internal/event"
)

// Maps is a Recorder that keeps what stream maps are drawn from, in bounded memory: of each layer of each stream the
// boundaries of its first 262,144 spans, and of each stream its first 128 KiB.
//
// A map begins after the HTTP handshake, once that was told. Where several told of the frames of a stream, those of
// one are on its map: of the one that told first. Segments must be told in the order of their offsets.
type Maps struct {
	mu      sync.Mutex
	streams map[streamKey]*mapped
}

// A mapped stream is its map, and the side whose frames are on it.
type mapped struct {
	Map
	framesOf event.Side
}

type streamKey struct {
	conn int
	dir  event.Dir
}

// Record adds the event's span to its stream's map.
func (m *Maps) Record(e event.Event) {
	if e.Span == nil {
		return
	}
	handshake := e.Ev == event.Upgrade || (e.Ev == event.Request || e.Ev == event.Response) && e.At != event.Wire
	layer, ok := layerOf(e)
	if !ok && !handshake {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.stream(e.Conn, e.Dir)
	switch {
	case handshake:
		s.Begin(e.Off + int64(e.N))
	case layer == Frames:
		s.addFrame(e)
	default:
		s.Row(layer).Add(*e.Span)
		if e.Ev != event.Message { // whose bytes are without their framing
			s.Keep(e.Off, e.Bytes)
		}
	}
}

// stream is what is kept of a stream, from now on if there was nothing yet.
func (m *Maps) stream(conn int, dir event.Dir) *mapped {
	if m.streams == nil {
		m.streams = make(map[streamKey]*mapped)
	}
	key := streamKey{conn, dir}
	s := m.streams[key]
	if s == nil {
		s = &mapped{Map: Map{Title: dir.Words()}}
		m.streams[key] = s
	}
	return s
}

// addFrame adds a frame, unless it is the other end that tells of the frames.
func (s *mapped) addFrame(e event.Event) {
	if s.Row(Frames).Count == 0 {
		s.framesOf = e.At
	}
	if e.At == s.framesOf {
		s.AddFrame(*e.Span, *e.FrameHeader, e.Bytes)
	}
}

// Map returns a copy of the map of one stream; it is empty if nothing was recorded of it.
func (m *Maps) Map(conn int, dir event.Dir) *Map {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.streams[streamKey{conn, dir}]
	if s == nil {
		return &Map{Title: dir.Words()}
	}
	return s.clone()
}

// layerOf is the layer of a stream that an event belongs to.
func layerOf(e event.Event) (Layer, bool) {
	switch e.Ev {
	case event.Write:
		return Writes, true
	case event.Read:
		return Reads, true
	case event.Segment:
		return Segments, true
	case event.Frame:
		return Frames, e.FrameHeader != nil
	case event.Message:
		if e.At == event.Wire || e.Dir == e.At.Out() {
			return Sent, true
		}
		return Received, true
	}
	return 0, false
}
