package picture

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"echolab/internal/streammap"
)

// rowPitch is from the top of one row to the top of the next.
const rowPitch = 30

// row draws one layer: its spans as boxes, its boundaries as marks, the sizes where there is room, and beside it how it
// compares with the messages.
func (d *drawing) row(v *view, lane streammap.Lane, side bool) {
	class := "row"
	if lane.Layer == streammap.Sent || lane.Layer == streammap.Received {
		class = "message"
	}
	fmt.Fprintf(&d.b, `<g class="%s">`+"\n", class)
	y := d.y + (rowPitch-rowHeight)/2
	d.label(y+14, lane.Label())
	boxes, bins := v.boxes(lane), v.count(lane)
	d.boxes(v, boxes, y)
	d.unknown(v, lane, y)
	if filled := d.marks(v, bins, y); filled > len(bins)/2 {
		d.size(trackLeft+v.width/2, y, lane.Sizes())
	} else {
		d.captions(v, boxes, bins, y)
	}
	if how := compared(v.Map, lane.Row); side && how != "" {
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
		from, to := v.x(b.From), v.x(b.To)
		if b.single && b.Begins() {
			from++
		}
		if b.single && b.Ends() {
			to--
		}
		fmt.Fprintf(&path, "M%s %sH%sv%dH%sz", num(from), num(y), num(to), rowHeight, num(from))
	}
	d.path("box", path.String())
}

// unknown draws the part of a row of which the boundaries were not kept.
func (d *drawing) unknown(v *view, lane streammap.Lane, y float64) {
	if from, to := lane.Beyond(); from < to {
		d.used[streammap.Unknown] = true
		d.path("unknown", fmt.Sprintf("M%s %sH%s", num(v.x(from)), num(y+rowHeight/2), num(v.x(to))))
	}
}

// marks draws what is in the bins, and returns how many of them are filled.
func (d *drawing) marks(v *view, bins []bin, y float64) (filled int) {
	var paths [streammap.Unknown]strings.Builder
	end := trackLeft + v.width
	at := marksOf(bins)
	for i := 0; i < len(bins); i++ {
		k := at[i]
		switch {
		case k == streammap.Nothing:
			continue
		case k == streammap.Lost:
			paths[k].WriteString(outline(k, v.x(bins[i].lostAt), y))
		case !fills(k):
			paths[k].WriteString(outline(k, v.x(bins[i].at), y))
		default:
			first := i
			for i+1 < len(bins) && at[i+1] == k {
				i++
			}
			filled += i + 1 - first
			from, to := trackLeft+float64(first*binWidth), min(end, trackLeft+float64((i+1)*binWidth))
			from = min(from, to-binWidth)
			fmt.Fprintf(&paths[k], "M%s %sH%sv%dH%sz", num(from), num(y), num(to), rowHeight, num(from))
		}
		d.used[k] = true
	}
	for k := streammap.Sparse; k > streammap.Nothing; k-- { // fillings first, the rest on top of them
		d.path(k.String(), paths[k].String())
	}
	return filled
}

// captions writes on each span, where there is room beside the marks.
func (d *drawing) captions(v *view, boxes []box, bins []bin, y float64) {
	for _, b := range boxes {
		if !b.single {
			continue
		}
		from, to := v.room(b, bins)
		for _, text := range b.Captions() {
			if textWidth(text) <= to-from {
				d.size((from+to)/2, y, text)
				break
			}
		}
	}
}

// room is the widest part of a box that no mark crosses.
func (v *view) room(b box, bins []bin) (from, to float64) {
	left, end := v.x(b.From), v.x(b.To)
	try := func(right float64) {
		if right-left > to-from {
			from, to = left, right
		}
		left = right
	}
	for i := v.bin(b.From) + 1; i < v.bin(b.To); i++ {
		switch bins[i].Kind() {
		case streammap.Nothing:
		case streammap.Lost:
			try(v.x(bins[i].lostAt))
		default:
			try(trackLeft + float64(i*binWidth))
			left += binWidth
		}
	}
	try(end)
	return from + 6, to - 6
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
