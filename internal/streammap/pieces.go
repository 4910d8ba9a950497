package streammap

import (
	"iter"
	"slices"

	"echolab/internal/event"
	"echolab/internal/text"
)

// A Piece is one span of a row.
type Piece struct {
	event.Span
	Number int    // its place in the row, from 1; what lay in front of the map's start is not counted
	Kind   string // of a frame, the word for its opcode
}

// Pieces returns the row's spans, in order, as far as their boundaries were kept: the first that ends at from or behind
// it, and those that follow.
func (r *Row) Pieces(from int64) iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		i, _ := slices.BinarySearch(r.ends, from)
		begin := r.start
		if i > 0 {
			begin = r.ends[i-1]
		}
		next, _ := slices.BinarySearch(r.starts, begin)
		for ; i < len(r.ends); i++ {
			if next < len(r.starts) && r.starts[next] <= r.ends[i] {
				begin, next = r.starts[next], next+1
			}
			p := Piece{Span: event.Span{Off: begin, N: int(r.ends[i] - begin)}, Number: i + 1}
			if i < len(r.opcodes) {
				p.Kind = event.OpcodeName(r.opcodes[i])
			}
			if !yield(p) {
				return
			}
			begin = r.ends[i]
		}
	}
}

// Covers says whether what lies in front of the offset, up to the boundary before, belongs to a span.
func (r *Row) Covers(offset int64) bool {
	return r.start < offset && offset <= r.End && !r.GapBefore(offset)
}

// Captions are what to write on the span that lies between two boundaries, the best first: its length, and of a frame
// its kind, which tells more than the length if it is no part of a message.
func (r *Row) Captions(from, to int64) []string {
	size := text.Number(to - from)
	opcode, ok := r.opcode(to)
	switch {
	case !ok:
		return []string{size}
	case event.IsControl(opcode):
		return []string{event.OpcodeName(opcode) + " " + size, event.OpcodeName(opcode), size}
	}
	return []string{event.OpcodeName(opcode) + " " + size, size}
}

// Label is the row's name: its number of spans, with the word for them.
func (r *Row) Label() string {
	return text.Count(r.Count, nouns[r.Layer][0], nouns[r.Layer][1])
}

// Noun is the word for one span of the layer.
func (l Layer) Noun() string {
	if l == Received {
		return "received message"
	}
	return nouns[l][0]
}
