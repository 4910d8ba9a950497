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

	control bool // it is a control frame
}

// Pieces returns the row's spans, in order, as far as their boundaries were kept: the first that ends at from or after
// it, and those that follow.
func (r *Row) Pieces(from int64) iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		i, _ := slices.BinarySearch(r.ends, from)
		begin := r.start
		if i > 0 {
			begin = r.ends[i-1]
		}
		next, _ := slices.BinarySearch(r.starts, begin+1) // one at begin is that of an empty span before
		for ; i < len(r.ends); i++ {
			if next < len(r.starts) && r.starts[next] <= r.ends[i] {
				begin, next = r.starts[next], next+1
			}
			p := Piece{Span: event.Span{Off: begin, N: int(r.ends[i] - begin)}, Number: i + 1}
			if i < len(r.opcodes) {
				p.Kind, p.control = event.OpcodeName(r.opcodes[i]), event.IsControl(r.opcodes[i])
			}
			if !yield(p) {
				return
			}
			begin = r.ends[i]
		}
	}
}

// End is the offset at which the piece ends.
func (p Piece) End() int64 { return p.Off + int64(p.N) }

// Captions are what to write on the piece, the best first: its length, and of a frame its kind, which tells more than the
// length if it is no part of a message.
func (p Piece) Captions() []string {
	size := text.Number(int64(p.N))
	switch {
	case p.Kind == "":
		return []string{size}
	case p.control:
		return []string{p.Kind + " " + size, p.Kind, size}
	}
	return []string{p.Kind + " " + size, size}
}

// Label is the row's name: its number of spans, with the word for them.
func (r *Row) Label() string { return r.Layer.Several(r.Count) }

// Sizes are those of the row's spans in a few words, for a row that is too dense to show each.
func (r *Row) Sizes() string {
	switch {
	case r.Count == 1:
		return text.Bytes(int64(r.Min))
	case r.Min == r.Max:
		return text.Bytes(int64(r.Min)) + " each"
	}
	return text.Number(int64(r.Min)) + " to " + text.Bytes(int64(r.Max))
}

// Several is a number of the layer's spans, with the word for them.
func (l Layer) Several(n int) string { return text.Count(n, nouns[l][0], nouns[l][1]) }

// Noun is the word for one span of the layer.
func (l Layer) Noun() string {
	if l == Received {
		return "received message"
	}
	return nouns[l][0]
}
