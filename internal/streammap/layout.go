package streammap

import (
	"iter"
	"slices"

	"echolab/internal/text"
)

// A Layout says what there is to draw of a part of a map: which rows, what stands at which offset of each, and what it
// means. Where an offset lies in a picture, whether there is room for a caption and how a mark looks, those decide who
// draw it. It shows the map as it is when it is walked through, and must not be used while the map changes.
type Layout struct {
	Map       *Map
	From, To  int64
	Known     int64 // the boundaries of all rows are known up to there; within From..To
	Reference *Row  // the row that the others are held against, nil if no message is known
	Lanes     []Lane
}

// Layout lays out the part of the map from one offset to another.
func (m *Map) Layout(from, to int64) *Layout {
	l := &Layout{Map: m, From: from, To: to, Known: max(from, min(to, m.Known())), Reference: m.Reference()}
	for _, r := range m.Rows {
		l.Lanes = append(l.Lanes, Lane{r, l})
	}
	return l
}

// Whole lays out all of the map.
func (m *Map) Whole() *Layout { return m.Layout(m.Start, m.Size()) }

// closeUp is how many bytes the closer look shows.
const closeUp = 60

// CloseUp lays out what lies around the first cut inside a message, at most room bytes of it, and says what it is. It is
// nil if there is no cut.
func (m *Map) CloseUp(room int) (l *Layout, caption string) {
	cut, ok := m.FirstCut()
	if !ok {
		return nil, ""
	}
	half := int64(min(closeUp, room)) / 2
	return m.Layout(max(m.Start, cut-half), min(m.Size(), cut+half)),
		"closer, around the first cut inside a message, at offset " + text.Number(cut)
}

// AtStart says whether the layout begins where the map does.
func (l *Layout) AtStart() bool { return l.From == l.Map.Start }

// Content returns the bytes as people read them and as they crossed the wire, from From on, as far as they were kept, and
// what the former are. They must not be changed.
func (l *Layout) Content() (shown []byte, name string, wire []byte) {
	wire = l.Map.Wire(l.From, l.To)
	if payload := l.Map.Decoded(l.From, l.To); payload != nil {
		return payload, "payload", wire
	}
	return wire, "bytes", wire
}

// A Lane is a row of a layout.
type Lane struct {
	*Row
	in *Layout
}

// Marks returns what stands in the row, in the order of the offsets, one mark for each, as far as all rows are known.
func (l Lane) Marks() iter.Seq[Mark] {
	return func(yield func(Mark) bool) {
		if l.Count == 0 || l.End < l.in.From {
			return
		}
		own := l.Boundaries(l.in.From, l.in.Known)
		var lost []int64
		if ref := l.in.Reference; ref != nil {
			lost = slices.DeleteFunc(ref.Boundaries(l.in.From, min(l.End, l.in.Known)), l.Has)
		}
		for len(own) > 0 || len(lost) > 0 {
			var mark Mark
			if len(own) == 0 || len(lost) > 0 && lost[0] < own[0] {
				mark, lost = Mark{At: lost[0], Kind: Lost}, lost[1:]
			} else {
				mark, own = l.mark(own), own[1:]
			}
			if !yield(mark) {
				return
			}
		}
	}
}

// mark is that of the first of the row's boundaries, which those in view follow.
func (l Lane) mark(bounds []int64) Mark {
	at := bounds[0]
	m := Mark{At: at, Kind: l.judge(at)}
	switch {
	case at == l.start:
		m.First = true
	case at == l.End:
		m.Last = true
	case l.GapBefore(at):
		m.First = true
	default:
		m.Last = len(bounds) > 1 && l.GapBefore(bounds[1])
	}
	return m
}

// judge holds a boundary of the row against the messages.
func (l Lane) judge(boundary int64) Kind {
	switch ref := l.in.Reference; {
	case ref == nil:
		return Alone
	case ref.Has(boundary) || boundary == l.start:
		return Agree
	case !ref.inside(boundary):
		return Alone
	case l.Layer == Frames:
		return Part
	}
	return Cut
}

// Beyond is the part of the row in view whose boundaries are not known. It is empty, and from is to, if all are.
func (l Lane) Beyond() (from, to int64) {
	to = min(l.End, l.in.To)
	return min(l.in.Known, to), to
}

// A Stretch is a span of a row, or the part of one that is in view.
type Stretch struct {
	Piece
	From, To int64

	noun string
}

// Stretches returns the row's spans in view, in order, as far as all rows are known: those of no byte left out.
func (l Lane) Stretches() iter.Seq[Stretch] {
	return func(yield func(Stretch) bool) {
		for p := range l.Pieces(l.in.From) {
			from, to := max(p.Off, l.in.From), min(p.End(), l.in.Known)
			if p.Off >= l.in.Known || from < to && !yield(Stretch{p, from, to, l.Layer.Noun()}) {
				return
			}
		}
	}
}

// Begins and Ends say whether the span does so in view, or goes on there.
func (s Stretch) Begins() bool { return s.From == s.Off }
func (s Stretch) Ends() bool   { return s.To == s.End() }

// Captions are what to write on the stretch, the best first: on a part of a span, which one it is.
func (s Stretch) Captions() []string {
	if s.Begins() && s.Ends() {
		return s.Piece.Captions()
	}
	return []string{s.noun + " " + text.Number(int64(s.Number))}
}
