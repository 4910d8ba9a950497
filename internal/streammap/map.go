// Package streammap holds the rows of one stream, one for each layer from its sender's program to its receiver's, all
// with the same offsets, and lays them out: what stands at which offset, which boundaries agree with the messages,
// which cut one and which are lost. It may know events, which [Maps] records, and internal/text for labels. It must not
// know how a map is drawn: no column, no pixel and no colour.
package streammap

import (
	"cmp"
	"slices"

	"echolab/internal/text"
)

// A Map is the stream map: the picture of one stream, with a row for each layer, all on one ruler of offsets, so that
// one sees which boundaries agree. The zero Map is empty. It must not be used concurrently.
type Map struct {
	Title string
	Rows  []*Row // ordered by Layer
	Start int64  // the offset at which the map begins: after the HTTP handshake, if there was one. Begin sets it

	data   []byte // the first bytes of the stream
	frames decoded
}

// Begin moves the map's start to an offset further on: what lies in front of it is no longer in the rows, nor counted.
func (m *Map) Begin(offset int64) {
	if offset <= m.Start {
		return
	}
	m.Start = offset
	for _, r := range m.Rows {
		r.begin(offset)
	}
}

// Size is the length of the stream in bytes, as far as any row reaches; what lies in front of Start counts too.
func (m *Map) Size() int64 {
	size := m.Start
	for _, r := range m.Rows {
		size = max(size, r.End)
	}
	return size
}

// Heading is the map's title, with its length and where it begins.
func (m *Map) Heading() string {
	length, after := ": no byte", ""
	if n := m.Size() - m.Start; n > 0 {
		length = ", " + text.Bytes(n)
	}
	if m.Start > 0 {
		after = " after the handshake's " + text.Number(m.Start)
	}
	return m.Title + length + after
}

// filled returns the map's row of that layer, or nil if nothing is in it.
func (m *Map) filled(l Layer) *Row {
	if i, ok := m.search(l); ok && m.Rows[i].Count > 0 {
		return m.Rows[i]
	}
	return nil
}

func (m *Map) search(l Layer) (int, bool) {
	return slices.BinarySearchFunc(m.Rows, l, func(r *Row, l Layer) int { return cmp.Compare(r.Layer, l) })
}

// Row returns the map's row of that layer, and adds an empty one if there is none.
func (m *Map) Row(l Layer) *Row {
	i, ok := m.search(l)
	if !ok {
		m.Rows = slices.Insert(m.Rows, i, &Row{Layer: l, start: m.Start, End: m.Start})
	}
	return m.Rows[i]
}

// Adopt adds the rows of other that m does not have; both are maps of the same stream. The map begins where the later
// of them does. Bytes and frames stay m's own, if it has any.
func (m *Map) Adopt(other *Map) {
	other = other.clone()
	other.Begin(m.Start)
	m.Begin(other.Start)
	for _, theirs := range other.Rows {
		if m.filled(theirs.Layer) == nil {
			*m.Row(theirs.Layer) = *theirs
			if theirs.Layer == Frames {
				m.frames = other.frames
			}
		}
	}
	if m.data == nil {
		m.data = other.data
	}
}

// Count is how many spans of that layer there are after the map's start.
func (m *Map) Count(l Layer) int {
	if r := m.filled(l); r != nil {
		return r.Count
	}
	return 0
}

func (m *Map) clone() *Map {
	c := &Map{Title: m.Title, Start: m.Start, data: slices.Clone(m.data), frames: m.frames.clone()}
	for _, r := range m.Rows {
		row := *r
		row.ends, row.starts, row.opcodes = slices.Clone(r.ends), slices.Clone(r.starts), slices.Clone(r.opcodes)
		c.Rows = append(c.Rows, &row)
	}
	return c
}
