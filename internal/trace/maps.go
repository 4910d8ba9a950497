package trace

import (
	"cmp"
	"slices"
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

// Layer is one row of a stream map. They are drawn in this order, from the sender's program to the receiver's.
type Layer int

const (
	Sent     Layer = iota // messages, as the sender meant them
	Writes                // the sender's writes
	Reads                 // the receiver's reads
	Received              // messages, as the receiver made them out
)

// nouns has the word for one span of a layer, and for several.
var nouns = [...][2]string{
	Sent:     {"message", "messages"},
	Writes:   {"write", "writes"},
	Reads:    {"read", "reads"},
	Received: {"received", "received"},
}

// spansKept and bytesKept bound the memory of a map, however long the stream.
const (
	spansKept = 1 << 18
	bytesKept = 128 << 10
)

// A Row is one layer of a stream: spans that lie end to end from offset 0.
type Row struct {
	Layer    Layer
	Count    int     // how many spans there were
	End      int64   // where the last one ends
	Min, Max int     // the shortest and the longest
	ends     []int64 // where each of the first spansKept ends, in order
}

// Add appends a span.
func (r *Row) Add(s Span) {
	if r.Count == 0 {
		r.Min = s.N
	}
	r.Count++
	r.Min, r.Max = min(r.Min, s.N), max(r.Max, s.N)
	r.End = max(r.End, s.Off+int64(s.N))
	if len(r.ends) < spansKept {
		r.ends = append(r.ends, r.End)
	}
}

// kept is the offset up to which all boundaries of the row were kept, and whether there are more behind it.
func (r *Row) kept() (offset int64, more bool) {
	if len(r.ends) == r.Count {
		return r.End, false
	}
	return r.ends[len(r.ends)-1], true
}

// boundaries returns those boundaries of the row that lie in [from, to]; 0 is one of a row that is not empty.
func (r *Row) boundaries(from, to int64) []int64 {
	lo, _ := slices.BinarySearch(r.ends, from)
	hi, _ := slices.BinarySearch(r.ends, to+1)
	in := slices.Compact(slices.Clone(r.ends[lo:hi]))
	if from == 0 && r.Count > 0 && (len(in) == 0 || in[0] != 0) {
		in = slices.Insert(in, 0, 0)
	}
	return in
}

// Has says whether the row has a boundary at the offset.
func (r *Row) Has(offset int64) bool {
	if offset == 0 {
		return r.Count > 0
	}
	_, ok := slices.BinarySearch(r.ends, offset)
	return ok
}

// Row returns the map's row of that layer, and adds an empty one if there is none.
func (m *Map) Row(l Layer) *Row {
	i, ok := slices.BinarySearchFunc(m.Rows, l, func(r *Row, l Layer) int { return cmp.Compare(r.Layer, l) })
	if !ok {
		m.Rows = slices.Insert(m.Rows, i, &Row{Layer: l})
	}
	return m.Rows[i]
}

// Keep keeps bytes of the stream to be shown, if they follow those kept before and there is room.
func (m *Map) Keep(off int64, b []byte) {
	have := int64(len(m.data))
	if off > have || off+int64(len(b)) <= have {
		return
	}
	b = b[have-off:]
	m.data = append(m.data, b[:min(len(b), bytesKept-len(m.data))]...)
}

func (m *Map) clone() *Map {
	c := &Map{Title: m.Title, data: slices.Clone(m.data)}
	for _, r := range m.Rows {
		row := *r
		row.ends = slices.Clone(r.ends)
		c.Rows = append(c.Rows, &row)
	}
	return c
}
