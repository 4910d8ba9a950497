package picture

import (
	"encoding/hex"
	"fmt"
	"strings"

	"echolab/internal/text"
)

// ruler draws offsets at round places, as many as have room.
func (d *drawing) ruler(v *view) {
	d.y += 16
	d.label(d.y, "offset")
	step := int64(1)
	for step < v.To-v.From && float64(step)*v.perByte() < textWidth(text.Number(v.To))+14 {
		step = text.Rounder(step)
	}
	free := 0.0
	tick := func(at int64) {
		text := text.Number(at)
		x, half := v.x(at), textWidth(text)/2
		if x-half < free || x+half > pictureWidth {
			return
		}
		free = x + half + 6
		fmt.Fprintf(&d.b, `<text class="tick" x="%s" y="%s">%s</text>`+"\n", num(x), num(d.y), text)
		d.path("rule", fmt.Sprintf("M%s %sv4", num(x), num(d.y+4)))
	}
	if v.AtStart() { // which need not be a round place
		tick(v.From)
	}
	at := v.From / step * step
	for {
		if at >= v.From {
			tick(at)
		}
		if v.To-at < step {
			break
		}
		at += step
	}
	d.y += 8
}

// content writes the bytes, as far as they were kept: those of payloads unmasked, but in hexadecimal as they are on the
// wire. A line below a character goes over all of its bytes.
func (d *drawing) content(v *view) {
	shown, label, wire := v.Content()
	if len(shown) > 0 {
		d.y += 18
		d.label(d.y, label)
		d.characters(v, shown)
	}
	if len(wire) > 0 && v.perByte() >= hexByte {
		d.y += 16
		d.label(d.y, "wire, hex")
		d.b.WriteString(`<g class="hex">`)
		for i, b := range wire {
			x := v.x(v.From+int64(i)) + v.perByte()/2
			fmt.Fprintf(&d.b, `<text x="%s" y="%s">%s</text>`, num(x), num(d.y), hex.EncodeToString([]byte{b}))
		}
		d.b.WriteString("</g>\n")
	}
	d.y += 6
}

func (d *drawing) characters(v *view, shown []byte) {
	var over strings.Builder
	d.b.WriteString(`<g class="byte">`)
	for i, n := 0, 0; i < len(shown); i += n {
		var char string
		char, n = text.Visible(shown[i:])
		from, width := v.x(v.From+int64(i)), v.perByte()*float64(n)
		class := ""
		if char == "·" {
			class = ` class="dot"`
		}
		if strings.TrimSpace(char) != "" {
			fmt.Fprintf(&d.b, `<text%s x="%s" y="%s">%s</text>`, class, num(from+width/2), num(d.y), escape(char))
		}
		if n > 1 {
			fmt.Fprintf(&over, "M%s %sv2H%sv-2", num(from+2), num(d.y+4), num(from+width-2))
		}
	}
	d.b.WriteString("</g>\n")
	d.path("rule", over.String())
}
