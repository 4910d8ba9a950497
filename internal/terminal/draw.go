package terminal

import (
	"fmt"
	"io"
	"strings"

	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Draw writes the map to w with one write, as wide as the style has it. A stream too long to show its bytes is drawn
// as a whole and then closer, around the first cut inside a message.
func Draw(w io.Writer, m *streammap.Map, style text.Style) error {
	var b strings.Builder
	draw(&b, m, style)
	_, err := io.WriteString(w, b.String())
	return err
}

func draw(b *strings.Builder, m *streammap.Map, style text.Style) {
	for _, line := range text.Fold(m.Heading(), style.Width()) {
		fmt.Fprintln(b, line)
	}
	if m.Size() == m.Start {
		return
	}
	if need := style.TooNarrow("its rows"); need != "" {
		fmt.Fprintln(b, style.Warn(need)) // what such a terminal makes of rows is none
		return
	}
	v := newView(m.Whole(), style.Width())
	marks := v.draw(b, style)
	if !v.showsBytes() {
		if near, caption := m.CloseUp(v.cols - 1); near != nil { // long labels leave less room
			fmt.Fprintln(b, caption)
			marks = append(marks, newView(near, style.Width()).draw(b, style)...)
		}
	}
	drawLegend(b, marks, style)
}

// String is the map's picture without colour.
func String(m *streammap.Map) string {
	var b strings.Builder
	draw(&b, m, text.Style{})
	return b.String()
}
