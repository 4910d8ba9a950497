package streammap

import "slices"

// Reference returns the row that the others are held against: the messages as their sender meant them, or in a stream
// of frames as its receiver made them out; nil if there is none.
func (m *Map) Reference() *Row {
	if r := m.filled(Sent); r != nil {
		return r
	}
	if m.filled(Frames) != nil {
		return m.filled(Received)
	}
	return nil
}

// Known is the offset up to which the boundaries of all rows were kept: beyond it they cannot be compared. It is Size if
// all were.
func (m *Map) Known() int64 {
	kept := m.Size()
	for _, r := range m.Rows {
		if offset, more := r.kept(); more {
			kept = min(kept, offset)
		}
	}
	return kept
}

// FirstCut returns the first boundary of any row that lies inside a message. Frames do not count: a message may be made
// of several.
func (m *Map) FirstCut() (offset int64, ok bool) {
	ref := m.Reference()
	if ref == nil {
		return 0, false
	}
	last := min(m.Known(), ref.End)
	first := last + 1
	for _, r := range m.Rows {
		if r.Layer == Frames {
			continue
		}
		bounds := r.Boundaries(m.Start, first-1)
		if i := slices.IndexFunc(bounds, ref.inside); i >= 0 {
			first = bounds[i]
		}
	}
	return first, first <= last
}

// Compare holds a layer against the messages as their sender meant them, the map's start left out: how many of its
// boundaries are boundaries of messages, how many cut a message, and how many boundaries of messages it lacks. What
// lies between messages, or after the last, is not compared, and of a long stream only the part whose boundaries were
// kept.
//
// In a stream of frames, the messages may also be those that its receiver made out: both ends agree on them.
func (m *Map) Compare(l Layer) (agree, cut, lost int) {
	ref, lane := m.Reference(), Lane{m.Row(l), m.Whole()}
	if ref == nil {
		return 0, 0, 0
	}
	for _, b := range lane.Boundaries(m.Start+1, min(m.Known(), ref.End)) {
		switch lane.judge(b) {
		case Agree:
			agree++
		case Cut, Part:
			cut++
		}
	}
	return agree, cut, len(ref.Boundaries(m.Start+1, m.Known())) - agree
}

// Complete says whether all boundaries were kept: else Compare knows only a part of the stream.
func (m *Map) Complete() bool { return m.Known() == m.Size() }
