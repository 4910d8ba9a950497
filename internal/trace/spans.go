package trace

import (
	"iter"
	"slices"
)

// What other pictures of a map than Draw's are made from.

// A Piece is one span of a row.
type Piece struct {
	Span
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
			p := Piece{Span: Span{Off: begin, N: int(r.ends[i] - begin)}, Number: i + 1}
			if i < len(r.opcodes) {
				p.Kind = OpcodeName(r.opcodes[i])
			}
			if !yield(p) {
				return
			}
			begin = r.ends[i]
		}
	}
}

// Boundaries returns those boundaries of the row that lie in [from, to], in order and each once, as far as they were
// kept. The map's start is one, if a span begins there.
func (r *Row) Boundaries(from, to int64) []int64 { return r.boundaries(from, to) }

// Covers says whether what lies in front of the offset, up to the boundary before, belongs to a span.
func (r *Row) Covers(offset int64) bool {
	return r.start < offset && offset <= r.End && !r.gapBefore(offset)
}

// Captions are what to write on the span that lies between two boundaries, the best first: its length, and of a frame
// its kind, which tells more than the length if it is no part of a message.
func (r *Row) Captions(from, to int64) []string { return r.captions(from, to) }

// Label is the row's name: its number of spans, with the word for them.
func (r *Row) Label() string { return r.label() }

// Noun is the word for one span of the layer.
func (l Layer) Noun() string {
	if l == Received {
		return "received message"
	}
	return nouns[l][0]
}

// A Verdict says what a boundary of a row is to the messages of its map.
type Verdict int

const (
	Agrees Verdict = iota // a message ends or begins there, or the map does
	Cuts                  // it lies inside a message
	Parts                 // a frame ends there, and the message goes on
	Alone                 // no message is known there
)

// Verdict judges a boundary of one of the map's rows.
func (m *Map) Verdict(r *Row, boundary int64) Verdict {
	switch ref := m.reference(); {
	case ref == nil:
		return Alone
	case ref.Has(boundary) || boundary == m.Start:
		return Agrees
	case !ref.inside(boundary):
		return Alone
	case r.Layer == Frames:
		return Parts
	}
	return Cuts
}

// Reference returns the row that the others are held against: the messages as their sender meant them, or in a stream
// of frames as its receiver made them out; nil if there is none.
func (m *Map) Reference() *Row { return m.reference() }

// Lost returns those boundaries of messages in [from, to] that the row lacks, as far as it reaches.
func (m *Map) Lost(r *Row, from, to int64) []int64 {
	ref := m.reference()
	if ref == nil {
		return nil
	}
	return slices.DeleteFunc(ref.boundaries(from, min(to, r.End, m.kept())), r.Has)
}

// Known is the offset up to which the boundaries of all rows were kept; it is Size if all were.
func (m *Map) Known() int64 { return m.kept() }

// FirstCut returns the first boundary of any row but the frames that lies inside a message.
func (m *Map) FirstCut() (offset int64, ok bool) { return m.firstCut() }

// Wire returns those bytes of the stream in from..to that were kept: the first of them lies at from. They must not be
// changed.
func (m *Map) Wire(from, to int64) []byte { return part(m.data, 0, from, to) }

// Decoded returns the bytes of from..to as they read once the frames were decoded, as far as they were kept: payloads
// unmasked, and zeros for the frames' headers. It is nil if no payload was kept there.
func (m *Map) Decoded(from, to int64) []byte {
	payload := part(m.frames.b, m.frames.from, from, to)
	if len(payload) == 0 {
		return nil
	}
	at := int(max(0, m.frames.from-from))
	wire := m.Wire(from, to)
	shown := slices.Concat(wire, make([]byte, max(0, at+len(payload)-len(wire))))
	copy(shown[at:], payload)
	return shown
}

// Visible returns what stands for the first character of b in a picture, and how many bytes that is: it is one
// character that can be seen and joins no other, or a dot.
func Visible(b []byte) (string, int) { return visible(b) }
