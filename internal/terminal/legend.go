package terminal

import (
	"slices"
	"strings"

	"echolab/internal/text"
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
func drawLegend(b *strings.Builder, marks []rune, style text.Style) {
	width := 0
	for _, l := range legends {
		if !slices.Contains(marks, l.mark) {
			continue
		}
		if width > 0 && width+3+2+len(l.text) > text.Width {
			b.WriteString("\n")
			width = 0
		}
		if width > 0 {
			b.WriteString("   ")
			width += 3
		}
		b.WriteString(paintMark(style, l.mark) + style.Dim(" "+l.text))
		width += 2 + len(l.text)
	}
	if width > 0 {
		b.WriteString("\n")
	}
}

// paintMarks colours the marks of a map: green where a boundary is a message's, red where it cuts one, yellow where one
// is missing.
func paintMarks(style text.Style, text string) string {
	if !style.Color {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		b.WriteString(paintMark(style, r))
	}
	return b.String()
}

func paintMark(style text.Style, mark rune) string {
	switch text := string(mark); mark {
	case markCut, markMixed:
		return style.Bad(text)
	case markLost, markSparse:
		return style.Warn(text)
	case markAgree, markFirst, markLast, markDense:
		return style.Good(text)
	default:
		return style.Dim(text)
	}
}
