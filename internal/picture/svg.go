package picture

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"echolab/internal/streammap"
	"echolab/internal/text"
)

//go:embed svg.css
var svgStyle string

// Patterns are what several boundaries look like that are too many to be drawn one by one: stripes where they are
// boundaries of messages, a lattice where some lie inside messages, dots where they are lost.
const patterns = `<pattern id="several" width="4" height="4" patternUnits="userSpaceOnUse">` +
	`<path class="ground" d="M0 0h4v4h-4z"/><path class="several" d="M2 0v4"/></pattern>` +
	`<pattern id="cuts" width="6" height="6" patternUnits="userSpaceOnUse">` +
	`<path class="ground" d="M0 0h6v6h-6z"/><path class="cuts" d="M0 0l6 6M6 0l-6 6"/></pattern>` +
	`<pattern id="losses" width="6" height="6" patternUnits="userSpaceOnUse">` +
	`<path class="ground" d="M0 0h6v6h-6z"/><circle class="losses" cx="3" cy="3" r="1.3"/></pattern>`

// pictureKept bounds a picture, in bytes: figures that have no room are counted, and not drawn. The first is drawn in
// any case; it takes less.
const pictureKept = 150 << 10

// SVG writes figures to w, with one write, as one picture that needs nothing else: no script, no font, no request. It
// is 860 pixels wide, light or dark as its reader likes, and less than 200 KB long, whatever it shows.
func SVG(w io.Writer, figures ...Figure) error {
	d := &drawing{y: margin}
	for i, f := range figures {
		drawn, y, used := d.b.Len(), d.y, d.used
		d.figure(f)
		words := escape(told(f))
		if i > 0 && d.b.Len()+d.told.Len()+len(words) > pictureKept {
			d.b.Truncate(drawn)
			d.y, d.used = y, used
			more := text.Count(len(figures)-i, "more connection", "more connections")
			d.text(margin, 20, "dim", more+", not in this picture")
			break
		}
		d.told.WriteString(words)
	}
	d.legend()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %s" width="%[1]d" height="%[2]s" `+
		`role="img" aria-labelledby="title desc">`+"\n", pictureWidth, num(d.y))
	fmt.Fprintf(&b, `<title id="title">%s</title>`+"\n", escape(titles(figures)))
	fmt.Fprintf(&b, `<desc id="desc">%s</desc>`+"\n", &d.told)
	fmt.Fprintf(&b, "<style>\n%s</style>\n<defs>%s</defs>\n", svgStyle, patterns)
	fmt.Fprintf(&b, `<rect class="page" x=".5" y=".5" width="%d" height="%s" rx="8"/>`+"\n",
		pictureWidth-1, num(d.y-1))
	b.Write(d.b.Bytes())
	b.WriteString("</svg>\n")
	_, err := w.Write(b.Bytes())
	return err
}

// A drawing is a picture that is being made, from its top downwards.
type drawing struct {
	b    bytes.Buffer
	y    float64 // where what comes next begins
	used [streammap.Unknown + 1]bool
	told bytes.Buffer // the picture in words, escaped
}

func (d *drawing) figure(f Figure) {
	if f.Title != "" {
		d.text(margin, 24, "title", plain(f.Title))
	}
	for _, note := range f.notes() {
		for _, line := range text.Fold(note, 130) {
			d.text(margin, 20, "dim", line)
		}
	}
	for _, m := range f.maps() {
		d.stream(m.Map)
	}
	d.y += 8
}

// stream draws one map: the whole of it, and if that does not show its bytes also closer, around the first cut.
func (d *drawing) stream(m *streammap.Map) {
	d.y += 8
	d.text(margin, 22, "head", plain(m.Heading()))
	if m.Size() == m.Start {
		return
	}
	v := newView(m.Whole())
	d.view(v, true)
	if v.showsBytes() {
		return
	}
	if l, caption := m.CloseUp(trackWidth); l != nil {
		near := newView(l)
		d.zoom(v, near)
		d.text(margin, 22, "head", caption)
		d.view(near, false)
	}
}

// view draws a ruler, the bytes where they have room, and the rows.
func (d *drawing) view(v *view, side bool) {
	d.ruler(v)
	top := d.y
	if v.showsBytes() {
		d.content(v)
	}
	rows := d.y
	for _, lane := range v.Lanes {
		if lane.Row == v.Reference {
			d.guides(v, lane, top, rows+float64(len(v.Lanes))*rowPitch)
		}
	}
	for _, lane := range v.Lanes {
		d.row(v, lane, side)
	}
}

// guides go down from the boundaries of messages, so that one sees which rows have them.
func (d *drawing) guides(v *view, messages streammap.Lane, from, to float64) {
	var path strings.Builder
	for _, b := range v.count(messages) {
		if b.Kind() == streammap.Agree {
			fmt.Fprintf(&path, "M%s %sV%s", num(v.x(b.at)), num(from), num(to))
		}
	}
	d.path("guide", path.String())
}

// zoom shows which part of a view the one below it is.
func (d *drawing) zoom(v, near *view) {
	const height = 14
	from, to := v.x(near.From), max(v.x(near.To), v.x(near.From)+2)
	d.path("zoom", fmt.Sprintf("M%s %sH%sL%s %sH%dz", num(from), num(d.y), num(to),
		num(trackLeft+near.width), num(d.y+height), trackLeft))
	d.y += height + 4
}

// legend explains the marks that were used.
func (d *drawing) legend() {
	const gap = 28
	x := float64(margin)
	if slices.Contains(d.used[:], true) {
		d.y += 22
	}
	for k := streammap.Agree; k <= streammap.Unknown; k++ {
		if !d.used[k] {
			continue
		}
		width := gap + textWidth(k.Meaning()) + 16
		if x+width > pictureWidth {
			x = margin
			d.y += 30
		}
		fmt.Fprintf(&d.b, `<path class="%s" transform="translate(%s %s)" d="%s"/>`+"\n", k,
			num(x), num(d.y-17), sample(k))
		fmt.Fprintf(&d.b, `<text class="dim" x="%s" y="%s">%s</text>`+"\n", num(x+gap-4), num(d.y), k.Meaning())
		x += width
	}
	d.y += margin
}

// titles name the figures.
func titles(figures []Figure) string {
	if len(figures) == 1 && figures[0].Title != "" {
		return "Stream map of " + plain(figures[0].Title)
	}
	return "Stream maps of " + text.Count(len(figures), "connection", "connections")
}

// told is a figure in words, for those who do not see it.
func told(f Figure) string {
	var b strings.Builder
	line := func(text string) { b.WriteString(text + "\n") }
	line(plain(f.Title))
	for _, note := range f.notes() {
		line(note)
	}
	for _, m := range f.maps() {
		line(plain(m.Heading()) + ".")
		for _, r := range m.Rows {
			if how := compared(m.Map, r); how != "" {
				line(r.Label() + ": " + strings.TrimPrefix(how, "✓ ") + ".")
			} else {
				line(r.Label() + ".")
			}
		}
	}
	return b.String()
}
