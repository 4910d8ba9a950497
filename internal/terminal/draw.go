package terminal

import (
	"fmt"
	"io"
	"strings"

	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Draw writes the map to w with one write, at most [text.Width] columns wide. A stream too long to show its bytes is drawn
// as a whole and then closer, around the first cut inside a message.
func Draw(w io.Writer, m *streammap.Map, style text.Style) error {
	var b strings.Builder
	draw(&b, m, style)
	_, err := io.WriteString(w, b.String())
	return err
}

func draw(b *strings.Builder, m *streammap.Map, style text.Style) {
	size := m.Size()
	behind := ""
	if m.Start > 0 {
		behind = fmt.Sprintf(" behind the handshake's %s", text.Number(m.Start))
	}
	if size == m.Start {
		fmt.Fprintf(b, "%s: no byte%s\n", m.Title, behind)
		return
	}
	v := newView(m, m.Start, size)
	for _, line := range text.Fold(fmt.Sprintf("%s, %s%s", m.Title, text.Bytes(size-m.Start), behind), text.Width) {
		fmt.Fprintln(b, line)
	}
	marks := v.draw(b, style)
	if cut, ok := m.FirstCut(); ok && !v.showsBytes() {
		half := int64(min(closeUp, v.cols-1)) / 2 // long labels leave less room
		near := newView(m, max(m.Start, cut-half), min(size, cut+half))
		fmt.Fprintf(b, "closer, around the first cut inside a message, at offset %s\n", text.Number(cut))
		marks = append(marks, near.draw(b, style)...)
	}
	drawLegend(b, marks, style)
}

// closeUp is how many bytes the closer look shows.
const closeUp = 60

// String is the map's picture without colour.
func String(m *streammap.Map) string {
	var b strings.Builder
	draw(&b, m, text.Style{})
	return b.String()
}
