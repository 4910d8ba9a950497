package trace

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A view is a part of a map on a ruler: the offsets from..to on columns 0..cols-1.
type view struct {
	m        *Map
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

func newView(m *Map, from, to int64) *view {
	v := &view{m: m, from: from, to: to, label: len("offset")}
	for _, r := range m.Rows {
		v.label = max(v.label, len(r.label()))
	}
	v.label += 2
	room := int64(MapWidth - v.label - 1)
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
func (v *view) draw(w io.Writer, style Style) []rune {
	v.line(w, "offset", v.ruler(), style.Dim)
	if v.showsBytes() && v.from < int64(len(v.m.data)) {
		v.line(w, "bytes", v.text(), style.Plain)
		if v.perByte >= hexPerByte {
			v.line(w, "hex", v.hex(), style.Dim)
		}
	}
	var marks []rune
	for _, r := range v.m.Rows {
		cells := v.row(r)
		marks = append(marks, cells...)
		v.line(w, r.label(), string(cells), style.Marks)
	}
	return marks
}

func (v *view) line(w io.Writer, label, cells string, paint func(string) string) {
	if cells = strings.TrimRight(cells, " "); cells != "" {
		label = fmt.Sprintf("%-*s%s", v.label, label, paint(cells))
	}
	fmt.Fprintln(w, label)
}

func (r *Row) label() string {
	return Count(r.Count, nouns[r.Layer][0], nouns[r.Layer][1])
}

// tickGap is the least room between two numbers on the ruler.
const tickGap = 3

// ruler has offsets at round places, as many as have room.
func (v *view) ruler() string {
	step := int64(1)
	for ; step < v.to-v.from; step = v.next(step) {
		last := v.to / step * step
		widest := max(len(v.tick(last)), len(v.tick(last-step)))
		if v.col(v.from+step) >= widest+tickGap {
			break
		}
	}
	cells := blank(MapWidth - v.label)
	for at := (v.from + step - 1) / step * step; at <= v.to; at += step {
		if tick := v.tick(at); v.col(at)+len(tick) <= len(cells) {
			copy(cells[v.col(at):], []rune(tick))
		}
	}
	return string(cells)
}

// next is the next larger round number: 1, 2, 5, 10, … or, where the numbers are in KiB and more, a power of two.
func (v *view) next(step int64) int64 {
	if v.binary() {
		return step * 2
	}
	if strings.HasPrefix(strconv.FormatInt(step, 10), "2") {
		return step / 2 * 5
	}
	return step * 2
}

// binary says whether the ruler counts in powers of two.
func (v *view) binary() bool { return v.to-v.from >= 4096 }

func (v *view) tick(offset int64) string {
	if v.binary() {
		return short(offset)
	}
	return strconv.FormatInt(offset, 10)
}

// text has every character at the column of its first byte; bytes that are none, or only part of one, are dots.
func (v *view) text() string {
	cells := blank(v.cols)
	inset := min(1, v.perByte-1) // leaves the boundaries' columns free where there is room
	data := v.m.data[v.from:min(v.to, int64(len(v.m.data)))]
	for i, n := 0, 0; i < len(data); i += n {
		var s string
		s, n = visible(data[i:])
		put(cells, i*v.perByte+inset, s)
	}
	return joinCells(cells)
}

func (v *view) hex() string {
	cells := blank(v.cols)
	for i, b := range v.m.data[v.from:min(v.to, int64(len(v.m.data)))] {
		put(cells, i*v.perByte+1, fmt.Sprintf("%02x", b))
	}
	return joinCells(cells)
}

// row draws one layer: a line as far as it reaches, its boundaries as marks, the sizes where there is room.
func (v *view) row(r *Row) []rune {
	cells := blank(v.cols)
	if r.Count == 0 || r.End < v.from {
		return cells
	}
	kept := min(v.m.kept(), v.to)
	for c := 0; c <= v.col(max(v.from, min(r.End, v.to))); c++ {
		cells[c] = markLine
		if c > v.col(max(v.from, kept)) {
			cells[c] = markUnkept
		}
	}
	bounds := r.boundaries(v.from, kept)
	dense := v.mark(cells, r, bounds)
	if dense {
		v.summary(cells, r)
	} else {
		v.sizes(cells, bounds)
	}
	return cells
}

// mark puts the row's marks into cells. It returns whether columns with several boundaries prevail.
func (v *view) mark(cells []rune, r *Row, bounds []int64) bool {
	type column struct{ agree, cut, alone, lost int }
	columns := make([]column, v.cols)
	ref := v.m.reference()
	for _, b := range bounds {
		switch c := &columns[v.col(b)]; {
		case ref == nil || b > ref.End:
			c.alone++
		case ref.Has(b):
			c.agree++
		default:
			c.cut++
		}
	}
	if ref != nil {
		for _, b := range ref.boundaries(v.from, min(v.to, r.End, v.m.kept())) {
			if !r.Has(b) {
				columns[v.col(b)].lost++
			}
		}
	}
	dense := 0
	for i, c := range columns {
		several := c.agree+c.cut+c.alone > 1
		switch {
		case several && c.cut == 0:
			cells[i] = markDense
		case several:
			cells[i] = markMixed
		case c.cut == 1:
			cells[i] = markCut
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
	if v.from == 0 && plain(cells[0]) {
		cells[0] = markFirst
	}
	if r.End <= v.to {
		if last := v.col(r.End); last > 0 && plain(cells[last]) {
			cells[last] = markLast
		}
	}
	return dense > v.cols/2
}

// sizes writes the length of each span into the middle of its line, or where there is room nearby.
func (v *view) sizes(cells []rune, bounds []int64) {
	for i := 1; i < len(bounds); i++ {
		from, to := v.col(bounds[i-1])+1, v.col(bounds[i])
		if from < to {
			center(cells[from:to], Number(bounds[i]-bounds[i-1]), markLine)
		}
	}
}

// summary writes the row's sizes in the middle of a row that is too dense to show each.
func (v *view) summary(cells []rune, r *Row) {
	text := " " + Bytes(int64(r.Min)) + " each "
	switch {
	case r.Count == 1:
		text = " " + Bytes(int64(r.Min)) + " "
	case r.Min != r.Max:
		text = " " + Number(int64(r.Min)) + " to " + Bytes(int64(r.Max)) + " "
	}
	center(cells, text, markDense, markMixed, markSparse)
}
