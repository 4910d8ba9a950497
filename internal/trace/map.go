package trace

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Map is the stream map: the picture of one stream, with a row for each layer, all on one ruler of offsets, so that
// one sees which boundaries agree. The zero Map is empty. It must not be used concurrently.
type Map struct {
	Title string
	Rows  []*Row // ordered by Layer
	Start int64  // the offset at which the map begins: behind the HTTP handshake, if there was one. Begin sets it

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

// MapWidth is the width that a map is made for, in columns of a terminal.
const MapWidth = 80

// Draw writes the map to w with one write, at most MapWidth columns wide. A stream too long to show its bytes is drawn
// as a whole and then closer, around the first cut inside a message.
func (m *Map) Draw(w io.Writer, style Style) error {
	var b strings.Builder
	m.draw(&b, style)
	_, err := io.WriteString(w, b.String())
	return err
}

func (m *Map) draw(b *strings.Builder, style Style) {
	size := m.Size()
	behind := ""
	if m.Start > 0 {
		behind = fmt.Sprintf(" behind the handshake's %s", Number(m.Start))
	}
	if size == m.Start {
		fmt.Fprintf(b, "%s: no byte%s\n", m.Title, behind)
		return
	}
	v := newView(m, m.Start, size)
	for _, line := range Fold(fmt.Sprintf("%s, %s%s", m.Title, Bytes(size-m.Start), behind), MapWidth) {
		fmt.Fprintln(b, line)
	}
	marks := v.draw(b, style)
	if cut, ok := m.firstCut(); ok && !v.showsBytes() {
		half := int64(min(closeUp, v.cols-1)) / 2 // long labels leave less room
		near := newView(m, max(m.Start, cut-half), min(size, cut+half))
		fmt.Fprintf(b, "closer, around the first cut inside a message, at offset %s\n", Number(cut))
		marks = append(marks, near.draw(b, style)...)
	}
	drawLegend(b, marks, style)
}

// closeUp is how many bytes the closer look shows.
const closeUp = 60

// firstCut is the first boundary of any row that lies inside a message. Frames do not count: a message may be made of
// several.
func (m *Map) firstCut() (int64, bool) {
	ref := m.reference()
	if ref == nil {
		return 0, false
	}
	last := min(m.kept(), ref.End)
	first := last + 1
	for _, r := range m.Rows {
		if r.Layer == Frames {
			continue
		}
		for _, end := range r.ends {
			if end >= first {
				break
			}
			if ref.inside(end) {
				first = end
			}
		}
	}
	return first, first <= last
}

// Compare holds a layer against the messages as their sender meant them, the map's start left out: how many of its
// boundaries are boundaries of messages, how many cut a message, and how many boundaries of messages it lacks. What
// lies between messages, or behind the last, is not compared, and of a long stream only the part whose boundaries were
// kept.
//
// In a stream of frames, the messages may also be those that its receiver made out: both ends agree on them.
func (m *Map) Compare(l Layer) (agree, cut, lost int) {
	ref, row := m.reference(), m.Row(l)
	if ref == nil {
		return 0, 0, 0
	}
	for _, b := range row.boundaries(m.Start+1, min(m.kept(), ref.End)) {
		switch {
		case ref.Has(b):
			agree++
		case ref.inside(b):
			cut++
		}
	}
	return agree, cut, len(ref.boundaries(m.Start+1, m.kept())) - agree
}

// Complete says whether all boundaries were kept: else Compare knows only a part of the stream.
func (m *Map) Complete() bool { return m.kept() == m.Size() }

// kept is the offset up to which the boundaries of all rows were kept: beyond it they cannot be compared.
func (m *Map) kept() int64 {
	kept := m.Size()
	for _, r := range m.Rows {
		if offset, more := r.kept(); more {
			kept = min(kept, offset)
		}
	}
	return kept
}

// reference is the row that the others are held against: the messages as their sender meant them, or in a stream of
// frames as its receiver made them out. It is nil if there is none.
func (m *Map) reference() *Row {
	if r := m.filled(Sent); r != nil {
		return r
	}
	if m.filled(Frames) != nil {
		return m.filled(Received)
	}
	return nil
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

// String is the map without colour.
func (m *Map) String() string {
	var b strings.Builder
	m.draw(&b, Style{})
	return b.String()
}

// Row returns the map's row of that layer, and adds an empty one if there is none.
func (m *Map) Row(l Layer) *Row {
	i, ok := m.search(l)
	if !ok {
		m.Rows = slices.Insert(m.Rows, i, &Row{Layer: l, start: m.Start, End: m.Start})
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

// Count is how many spans of that layer there are behind the map's start.
func (m *Map) Count(l Layer) int {
	if r := m.filled(l); r != nil {
		return r.Count
	}
	return 0
}

// Bytes returns the n bytes of the stream at off, or nil if not all of them were kept. They must not be changed.
func (m *Map) Bytes(off int64, n int) []byte {
	if off < 0 || n < 0 || off+int64(n) > int64(len(m.data)) {
		return nil
	}
	return m.data[off : off+int64(n)]
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
