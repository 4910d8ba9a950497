package trace

import (
	"slices"
	"strings"
)

// The marks of a map. Each means the same with and without colour.
const (
	markAgree  = '┼' // a boundary of this row where a message ends
	markCut    = '╳' // a boundary of this row inside a message
	markPart   = '┴' // a frame ends here, inside a message
	markLost   = '╎' // a message ends here, and this row has no boundary
	markLine   = '─'
	markFirst  = '├'
	markLast   = '┤'
	markDense  = '▓' // several boundaries in one column, none of which cuts a message
	markMixed  = '▒' // several, some of which cut messages
	markSparse = '░' // several messages end here, and this row has no boundary
	markUnkept = '┄' // too far on: only the first spans of a row are kept
	markAlone  = '│' // a boundary of this row where no message is known
)

var legends = []struct {
	mark rune
	text string
}{
	{markAgree, "boundary of a message"},
	{markAlone, "boundary where no message is known"},
	{markDense, "several boundaries"},
	{markCut, "cut inside a message"},
	{markPart, "a frame ends, the message goes on"},
	{markMixed, "several, some inside messages"},
	{markLost, "message boundary, lost in this row"},
	{markSparse, "several boundaries lost"},
	{markUnkept, "not drawn: more than were kept"},
}

// drawLegend explains the marks that were used and are not plain.
func drawLegend(b *strings.Builder, marks []rune, style Style) {
	width := 0
	for _, l := range legends {
		if !slices.Contains(marks, l.mark) {
			continue
		}
		if width > 0 && width+3+2+len(l.text) > MapWidth {
			b.WriteString("\n")
			width = 0
		}
		if width > 0 {
			b.WriteString("   ")
			width += 3
		}
		b.WriteString(style.Marks(string(l.mark)) + style.Dim(" "+l.text))
		width += 2 + len(l.text)
	}
	if width > 0 {
		b.WriteString("\n")
	}
}
