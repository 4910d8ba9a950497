package terminal

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"echolab/internal/streammap"
	"echolab/internal/text"
)

// A view is a part of a map on a ruler: the offsets from..to on columns 0..cols-1.
type view struct {
	m        *streammap.Map
	from, to int64
	label    int // width of the column of labels
	cols     int // columns of the ruler
	perByte  int // columns for each byte; 0 if several bytes share one
}

// maxPerByte keeps a stream of a few bytes from being spread over the whole line; from hexPerByte on there is room for
// each byte in hexadecimal.
const (
	maxPerByte = 4
	hexPerByte = 3
)

func newView(m *streammap.Map, from, to int64) *view {
	v := &view{m: m, from: from, to: to, label: len("offset")}
	for _, r := range m.Rows {
		v.label = max(v.label, len(r.Label()))
	}
	v.label += 2
	room := int64(text.Width - v.label - 1)
	v.perByte = int(min(maxPerByte, room/(to-from)))
	v.cols = int(room) + 1
	if v.perByte > 0 {
		v.cols = int(to-from)*v.perByte + 1
	}
	return v
}

func (v *view) showsBytes() bool { return v.perByte > 0 }

// col is the column of an offset in from..to.
func (v *view) col(offset int64) int {
	if v.perByte > 0 {
		return int(offset-v.from) * v.perByte
	}
	// In floating point, because offset * cols may not fit 64 bits; the first and the last column are exact.
	return int(float64(offset-v.from) / float64(v.to-v.from) * float64(v.cols-1))
}

// draw writes the view's lines and returns the marks that they hold.
func (v *view) draw(w io.Writer, style text.Style) []rune {
	v.line(w, "offset", v.ruler(), style.Dim)
	if v.showsBytes() {
		v.content(w, style)
	}
	var marks []rune
	for _, r := range v.m.Rows {
		cells := v.row(r)
		marks = append(marks, cells...)
		v.line(w, r.Label(), string(cells), func(cells string) string { return paintMarks(style, cells) })
	}
	return marks
}

func (v *view) line(w io.Writer, label, cells string, paint func(string) string) {
	if cells = strings.TrimRight(cells, " "); cells != "" {
		label = fmt.Sprintf("%-*s%s", v.label, label, paint(cells))
	}
	fmt.Fprintln(w, label)
}

// row draws one layer: a line as far as it reaches, its boundaries as marks, the sizes where there is room.
func (v *view) row(r *streammap.Row) []rune {
	cells := blank(v.cols)
	if r.Count == 0 || r.End < v.from {
		return cells
	}
	kept := min(v.m.Known(), v.to)
	for c := 0; c <= v.col(max(v.from, min(r.End, v.to))); c++ {
		cells[c] = markLine
		if c > v.col(max(v.from, kept)) {
			cells[c] = markUnkept
		}
	}
	bounds := r.Boundaries(v.from, kept)
	v.gaps(cells, r, append(slices.Clone(bounds), kept))
	dense := v.mark(cells, r, bounds)
	if dense {
		v.summary(cells, r)
	} else {
		v.sizes(cells, r, bounds)
	}
	return cells
}

// gaps leaves the line out in front of those of the offsets where no span ends.
func (v *view) gaps(cells []rune, r *streammap.Row, offsets []int64) {
	before := v.from
	for _, at := range offsets {
		if r.GapBefore(at) {
			copy(cells[v.col(before):], blank(v.col(at)-v.col(before)+1))
		}
		before = at
	}
}

// mark puts the row's marks into cells. It returns whether columns with several boundaries prevail.
func (v *view) mark(cells []rune, r *streammap.Row, bounds []int64) bool {
	type column struct{ agree, cut, part, alone, lost int }
	columns := make([]column, v.cols)
	ref := v.m.Reference()
	for _, b := range bounds {
		c := &columns[v.col(b)]
		switch v.m.Verdict(r, b) {
		case streammap.Agrees:
			c.agree++
		case streammap.Cuts:
			c.cut++
		case streammap.Parts:
			c.part++
		case streammap.Alone:
			c.alone++
		}
	}
	for _, b := range v.m.Lost(r, v.from, v.to) {
		columns[v.col(b)].lost++
	}
	dense := 0
	for i, c := range columns {
		several := c.agree+c.cut+c.part+c.alone > 1
		switch {
		case several && c.cut == 0:
			cells[i] = markDense
		case several:
			cells[i] = markMixed
		case c.cut == 1:
			cells[i] = markCut
		case c.part == 1:
			cells[i] = markPart
		case c.alone == 1:
			cells[i] = markAlone
		case c.agree == 1 && c.lost == 0:
			cells[i] = markAgree
		case c.lost > 1:
			cells[i] = markSparse
		case c.lost == 1:
			cells[i] = markLost
		}
		if several || c.lost > 1 {
			dense++
		}
	}
	plain := func(mark rune) bool { return mark == markAgree || mark == markAlone && ref == nil }
	begins := func(offset int64) {
		if c := v.col(offset); plain(cells[c]) {
			cells[c] = markFirst
		}
	}
	ends := func(offset int64) {
		if c := v.col(offset); c > 0 && plain(cells[c]) {
			cells[c] = markLast
		}
	}
	if v.from == v.m.Start {
		begins(v.from)
	}
	if r.End <= v.to {
		ends(r.End)
	}
	for i, b := range bounds {
		if !r.GapBefore(b) {
			continue
		}
		begins(b)
		if i > 0 {
			ends(bounds[i-1])
		}
	}
	return dense > v.cols/2
}

// sizes writes the length of each span into the middle of its line, or where there is room nearby, and what kind of
// frame it is.
func (v *view) sizes(cells []rune, r *streammap.Row, bounds []int64) {
	for i := 1; i < len(bounds); i++ {
		from, to := v.col(bounds[i-1])+1, v.col(bounds[i])
		if from >= to || r.GapBefore(bounds[i]) {
			continue
		}
		for _, text := range r.Captions(bounds[i-1], bounds[i]) {
			if center(cells[from:to], text, markLine) {
				break
			}
		}
	}
}

// summary writes the row's sizes in the middle of a row that is too dense to show each.
func (v *view) summary(cells []rune, r *streammap.Row) {
	caption := " " + text.Bytes(int64(r.Min)) + " each "
	switch {
	case r.Count == 1:
		caption = " " + text.Bytes(int64(r.Min)) + " "
	case r.Min != r.Max:
		caption = " " + text.Number(int64(r.Min)) + " to " + text.Bytes(int64(r.Max)) + " "
	}
	center(cells, caption, markDense, markMixed, markSparse)
}
