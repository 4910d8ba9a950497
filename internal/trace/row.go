package trace

import "slices"

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
