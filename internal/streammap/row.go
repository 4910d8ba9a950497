package streammap

import (
	"slices"

	"echolab/internal/event"
)

// Layer is one row of a stream map. They are drawn in this order, from the sender's program to the receiver's.
type Layer int

const (
	Sent     Layer = iota // messages, as the sender meant them
	Writes                // the sender's writes
	Segments              // what crossed the wire in one TCP packet
	Reads                 // the receiver's reads
	Frames                // WebSocket frames
	Received              // messages, as the receiver made them out
	layers                // how many there are
)

// nouns has the word for one span of a layer, and for several.
var nouns = [layers][2]string{
	Sent:     {"message", "messages"},
	Writes:   {"write", "writes"},
	Segments: {"segment", "segments"},
	Reads:    {"read", "reads"},
	Frames:   {"frame", "frames"},
	Received: {"received", "received"},
}

// spansKept and bytesKept bound the memory of a map, however long the stream.
const (
	spansKept = 1 << 18
	bytesKept = 128 << 10
)

// A Row is one layer of a stream: spans in the order of their offsets, most of them end to end.
type Row struct {
	Layer    Layer
	Count    int   // how many spans there were
	End      int64 // where the last one ends; where the map starts, if there is none
	Min, Max int   // the shortest and the longest

	start   int64   // of the map: nothing in front of it is in the row
	ends    []int64 // where each of the first spansKept ends, in order
	starts  []int64 // where those of them begin that do not begin where the one before ends, in order
	opcodes []byte  // of the same spans, if they are frames
}

// Add appends a span. Of one that begins in front of the map's start, only what lies after it counts.
func (r *Row) Add(s event.Span) { r.add(s, 0) }

func (r *Row) add(s event.Span, opcode byte) {
	if s.Off < r.start {
		end := s.Off + int64(s.N)
		if end <= r.start {
			return
		}
		s = event.Span{Off: r.start, N: int(end - r.start)}
	}
	kept := len(r.ends) == r.Count && r.Count < spansKept
	if r.Count == 0 {
		r.Min = s.N
	}
	r.Count++
	r.Min, r.Max = min(r.Min, s.N), max(r.Max, s.N)
	if kept && s.Off > r.End {
		r.starts = append(r.starts, s.Off)
	}
	r.End = max(r.End, s.Off+int64(s.N))
	if kept {
		r.ends = append(r.ends, r.End)
	}
	if kept && r.Layer == Frames {
		r.opcodes = append(r.opcodes, opcode)
	}
}

// begin moves the start of the row to an offset further on. If there were more spans than are kept, their count and
// their sizes stay as they are.
func (r *Row) begin(offset int64) {
	all := *r
	*r = Row{Layer: r.Layer, start: offset, End: offset}
	from, starts := all.start, all.starts
	for i, end := range all.ends {
		if len(starts) > 0 && starts[0] <= end {
			from, starts = starts[0], starts[1:]
		}
		var opcode byte
		if all.opcodes != nil {
			opcode = all.opcodes[i]
		}
		r.add(event.Span{Off: from, N: int(end - from)}, opcode)
		from = end
	}
	if more := all.Count - len(all.ends); more > 0 {
		r.Count, r.End = r.Count+more, max(all.End, offset)
		r.Min, r.Max = all.Min, all.Max
	}
}

// kept is the offset up to which all boundaries of the row were kept, and whether there are more after it.
func (r *Row) kept() (offset int64, more bool) {
	switch {
	case len(r.ends) == r.Count:
		return r.End, false
	case len(r.ends) == 0:
		return r.start, true
	}
	return r.ends[len(r.ends)-1], true
}

// Boundaries returns those boundaries of the row that lie in [from, to], in order and each once, as far as they were
// kept. The map's start is one, if a span begins there.
func (r *Row) Boundaries(from, to int64) []int64 {
	in := slices.Clone(between(r.ends, from, to))
	if starts := between(r.starts, from, to); len(starts) > 0 {
		in = append(in, starts...)
		slices.Sort(in)
	}
	in = slices.Compact(in)
	if from <= r.start && r.start <= to && r.Has(r.start) && (len(in) == 0 || in[0] != r.start) {
		in = slices.Insert(in, 0, r.start)
	}
	return in
}

// between returns those of the sorted offsets that lie in [from, to].
func between(offsets []int64, from, to int64) []int64 {
	lo, _ := slices.BinarySearch(offsets, from)
	hi, _ := slices.BinarySearch(offsets, to+1)
	return offsets[lo:max(lo, hi)]
}

// Has says whether the row has a boundary at the offset: a span begins or ends there.
func (r *Row) Has(offset int64) bool {
	if offset == r.start {
		return r.Count > 0 && !r.GapBefore(offset)
	}
	if _, ok := slices.BinarySearch(r.ends, offset); ok {
		return true
	}
	_, ok := slices.BinarySearch(r.starts, offset)
	return ok
}

// inside says whether the offset lies inside a span, and not on one of its boundaries.
func (r *Row) inside(offset int64) bool {
	return r.start < offset && offset < r.End && !r.Has(offset) && !r.GapBefore(offset)
}

// GapBefore says whether what lies in front of the offset, up to the next boundary, belongs to no span.
func (r *Row) GapBefore(offset int64) bool {
	start, _ := slices.BinarySearch(r.starts, offset)
	if start == len(r.starts) {
		return false
	}
	end, _ := slices.BinarySearch(r.ends, offset)
	return r.starts[start] <= r.ends[end]
}
