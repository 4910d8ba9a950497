package picture

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// text writes a line of text and goes on below it.
func (d *drawing) text(x float64, height float64, class, text string) {
	d.y += height
	fmt.Fprintf(&d.b, `<text class="%s" x="%s" y="%s">%s</text>`+"\n", class, num(x), num(d.y-4), escape(text))
}

// path draws a path, unless it is empty.
func (d *drawing) path(class, path string) {
	if path != "" {
		fmt.Fprintf(&d.b, `<path class="%s" d="%s"/>`+"\n", class, path)
	}
}

// escape makes text of an XML document of any text.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes all
	return b.String()
}

// num is a coordinate, to a tenth of a pixel.
func num(x float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
}
