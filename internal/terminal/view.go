package terminal

import (
	"fmt"
	"io"
	"strings"

	"echolab/internal/streammap"
	"echolab/internal/text"
)

// A view is a layout on a ruler: the offsets From..To on columns 0..cols-1.
type view struct {
	*streammap.Layout
	width   int // columns of the whole line
	label   int // of them those of the labels
	cols    int // columns of the ruler
	perByte int // columns for each byte; 0 if several bytes share one
}

// maxPerByte keeps a stream of a few bytes from being spread over the whole line; from hexPerByte on there is room for
// each byte in hexadecimal.
const (
	maxPerByte = 4
	hexPerByte = 3
)

func newView(l *streammap.Layout, width int) *view {
	v := &view{Layout: l, width: width, label: len("offset")}
	for _, lane := range l.Lanes {
		v.label = max(v.label, len(lane.Label()))
	}
	v.label += 2
	room := int64(v.width - v.label - 1)
	v.perByte = int(min(maxPerByte, room/(l.To-l.From)))
	v.cols = int(room) + 1
	if v.perByte > 0 {
		v.cols = int(l.To-l.From)*v.perByte + 1
	}
	return v
}

func (v *view) showsBytes() bool { return v.perByte > 0 }

// col is the column of an offset in From..To.
func (v *view) col(offset int64) int {
	if v.perByte > 0 {
		return int(offset-v.From) * v.perByte
	}
	// In floating point, because offset * cols may not fit 64 bits; the first and the last column are exact.
	return int(float64(offset-v.From) / float64(v.To-v.From) * float64(v.cols-1))
}

// draw writes the view's lines and returns the marks that they hold.
func (v *view) draw(w io.Writer, style text.Style) []rune {
	v.line(w, "offset", v.ruler(), style.Dim)
	if v.showsBytes() {
		v.content(w, style)
	}
	var marks []rune
	for _, lane := range v.Lanes {
		cells := v.row(lane)
		marks = append(marks, cells...)
		v.line(w, lane.Label(), string(cells), func(cells string) string { return paintMarks(style, cells) })
	}
	return marks
}

func (v *view) line(w io.Writer, label, cells string, paint func(string) string) {
	if cells = strings.TrimRight(cells, " "); cells != "" {
		label = fmt.Sprintf("%-*s%s", v.label, label, paint(cells))
	}
	fmt.Fprintln(w, label)
}

// row draws one layer: a line as far as its spans reach, its marks, and the sizes where there is room.
func (v *view) row(lane streammap.Lane) []rune {
	cells := blank(v.cols)
	for s := range lane.Stretches() {
		fill(cells[v.col(s.From):v.col(s.To)+1], markLine)
	}
	if from, to := lane.Beyond(); from < to {
		fill(cells[v.col(from)+1:v.col(to)+1], glyphs[streammap.Unknown])
	}
	if v.mark(cells, lane) {
		center(cells, " "+lane.Sizes()+" ", glyphs[streammap.Dense], glyphs[streammap.Mixed], glyphs[streammap.Sparse])
	} else {
		v.captions(cells, lane)
	}
	return cells
}

// mark puts the row's marks into cells. It returns whether columns with several of them prevail.
func (v *view) mark(cells []rune, lane streammap.Lane) bool {
	columns := make([]struct {
		streammap.Tally
		edge rune
	}, v.cols)
	for mark := range lane.Marks() {
		i := v.col(mark.At)
		c := &columns[i]
		c.Tally[mark.Kind]++
		switch {
		case mark.First:
			c.edge = markFirst
		case mark.Last && i > 0:
			c.edge = markLast
		}
	}
	dense := 0
	for i, c := range columns {
		kind := c.Kind()
		plain := kind == streammap.Agree || kind == streammap.Alone && v.Reference == nil
		switch {
		case plain && c.edge != 0:
			cells[i] = c.edge
		case kind != streammap.Nothing:
			cells[i] = glyphs[kind]
		}
		if c.Own() > 1 || c.Tally[streammap.Lost] > 1 {
			dense++
		}
	}
	return dense > v.cols/2
}

// captions writes on each span that is all in view into the middle of its line, or where there is room nearby.
func (v *view) captions(cells []rune, lane streammap.Lane) {
	for s := range lane.Stretches() {
		from, to := v.col(s.From)+1, v.col(s.To)
		if from >= to || !s.Begins() || !s.Ends() {
			continue
		}
		for _, text := range s.Captions() {
			if center(cells[from:to], text, markLine) {
				break
			}
		}
	}
}
