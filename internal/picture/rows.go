package picture

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"echolab/internal/streammap"
	"echolab/internal/text"
)

// rowPitch is from the top of one row to the top of the next.
const rowPitch = 30

// row draws one layer: its spans as boxes, its boundaries as marks, the sizes where there is room, and beside it how it
// compares with the messages.
func (d *drawing) row(v *view, r *streammap.Row, side bool) {
	class := "row"
	if r.Layer == streammap.Sent || r.Layer == streammap.Received {
		class = "message"
	}
	fmt.Fprintf(&d.b, `<g class="%s">`+"\n", class)
	y := d.y + (rowPitch-rowHeight)/2
	d.label(y+14, r.Label())
	if r.Count > 0 && r.End >= v.from {
		bounds := r.Boundaries(v.from, v.known)
		boxes, bins := v.boxes(r, bounds), v.count(r, bounds)
		d.boxes(v, boxes, y)
		d.unknown(v, r, y)
		filled := d.marks(v, bins, y)
		if filled > len(bins)/2 {
			d.size(trackLeft+v.width/2, y, sizes(r))
		} else {
			d.sizes(v, r, boxes, bins, y)
		}
	}
	if how := compared(v.m, r); side && how != "" {
		d.side(how, y)
	}
	d.b.WriteString("</g>\n")
	d.y += rowPitch
}

// side writes how a row compares, to the right of it.
func (d *drawing) side(how string, y float64) {
	if textWidth(how) > sideWidth {
		how = strings.Replace(how, ", ", ",\n", 1)
	}
	lines := strings.Split(how, "\n")
	y += 14 - 6*float64(len(lines)-1)
	for _, line := range lines {
		fmt.Fprintf(&d.b, `<text class="%s" x="%d" y="%s">%s</text>`+"\n", rating(how),
			pictureWidth-margin-sideWidth+12, num(y), escape(line))
		y += 13
	}
}

// rating is the class of how a row compares.
func rating(how string) string {
	switch {
	case strings.HasPrefix(how, "✓"):
		return "good"
	case strings.Contains(how, "cut"):
		return "bad"
	}
	return "fair"
}

func (d *drawing) boxes(v *view, boxes []box, y float64) {
	var path strings.Builder
	for _, b := range boxes {
		from, to := v.x(b.from), v.x(b.to)
		if b.single && !b.open[0] {
			from++
		}
		if b.single && !b.open[1] {
			to--
		}
		fmt.Fprintf(&path, "M%s %sH%sv%dH%sz", num(from), num(y), num(to), rowHeight, num(from))
	}
	d.path("box", path.String())
}

// unknown draws the part of a row of which the boundaries were not kept.
func (d *drawing) unknown(v *view, r *streammap.Row, y float64) {
	if end := min(r.End, v.to); end > v.known {
		d.used[unknown] = true
		d.path("unknown", fmt.Sprintf("M%s %sH%s", num(v.x(max(v.from, v.known))), num(y+rowHeight/2), num(v.x(end))))
	}
}

// marks draws what is in the bins, and returns how many of them are filled.
func (d *drawing) marks(v *view, bins []bin, y float64) (filled int) {
	var paths [unknown + 1]strings.Builder
	end := trackLeft + v.width
	at := marksOf(bins)
	for i := 0; i < len(bins); i++ {
		m := at[i]
		switch {
		case m == nothing:
			continue
		case m == lost:
			paths[m].WriteString(m.path(v.x(bins[i].lostAt), y))
		case !m.fills():
			paths[m].WriteString(m.path(v.x(bins[i].at), y))
		default:
			first := i
			for i+1 < len(bins) && at[i+1] == m {
				i++
			}
			filled += i + 1 - first
			from, to := trackLeft+float64(first*binWidth), min(end, trackLeft+float64((i+1)*binWidth))
			from = min(from, to-binWidth)
			fmt.Fprintf(&paths[m], "M%s %sH%sv%dH%sz", num(from), num(y), num(to), rowHeight, num(from))
		}
		d.used[m] = true
	}
	for m := unknown - 1; m > nothing; m-- { // fillings first, the rest on top of them
		d.path(marks[m].class, paths[m].String())
	}
	return filled
}

// sizes writes the length of each span, and what kind of frame it is, where there is room beside the marks.
func (d *drawing) sizes(v *view, r *streammap.Row, boxes []box, bins []bin, y float64) {
	for _, b := range boxes {
		if !b.single {
			continue
		}
		from, to := v.room(b, bins)
		for _, text := range captions(r, b) {
			if textWidth(text) <= to-from {
				d.size((from+to)/2, y, text)
				break
			}
		}
	}
}

// captions are what to write on a box, the best first: on a part of a span, which one it is.
func captions(r *streammap.Row, b box) []string {
	if !b.open[0] && !b.open[1] {
		return r.Captions(b.from, b.to)
	}
	for p := range r.Pieces(b.to) {
		return []string{r.Layer.Noun() + " " + text.Number(int64(p.Number))}
	}
	return nil
}

// room is the widest part of a box that no mark crosses.
func (v *view) room(b box, bins []bin) (from, to float64) {
	left, end := v.x(b.from), v.x(b.to)
	try := func(right float64) {
		if right-left > to-from {
			from, to = left, right
		}
		left = right
	}
	for i := v.bin(b.from) + 1; i < v.bin(b.to); i++ {
		switch bins[i].mark() {
		case nothing:
		case lost:
			try(v.x(bins[i].lostAt))
		default:
			try(trackLeft + float64(i*binWidth))
			left += binWidth
		}
	}
	try(end)
	return from + 6, to - 6
}

// sizes are those of a row that is too dense to show each.
func sizes(r *streammap.Row) string {
	switch {
	case r.Count == 1:
		return text.Bytes(int64(r.Min))
	case r.Min == r.Max:
		return text.Bytes(int64(r.Min)) + " each"
	}
	return text.Number(int64(r.Min)) + " to " + text.Bytes(int64(r.Max))
}

func (d *drawing) size(x, y float64, text string) {
	fmt.Fprintf(&d.b, `<text class="size" x="%s" y="%s">%s</text>`+"\n", num(x), num(y+14), text)
}

func (d *drawing) label(y float64, text string) {
	squeeze := ""
	if textWidth(text) > labelWidth {
		squeeze = fmt.Sprintf(` textLength="%d" lengthAdjust="spacingAndGlyphs"`, labelWidth-6)
	}
	fmt.Fprintf(&d.b, `<text x="%d" y="%s"%s>%s</text>`+"\n", margin, num(y), squeeze, escape(text))
}

// textWidth is at least the width of a text of the size that labels have.
func textWidth(text string) float64 { return 6.4 * float64(utf8.RuneCountInString(text)) }
