package terminal

import (
	"slices"
	"strings"

	"echolab/internal/streammap"
	"echolab/internal/text"
)

// The glyphs of a map. Each means the same with and without colour.
const (
	markLine  = '─'
	markFirst = '├' // in place of a mark where the row, or a part of it between gaps, begins
	markLast  = '┤'
)

var glyphs = [...]rune{
	streammap.Agree:   '┼',
	streammap.Alone:   '│',
	streammap.Cut:     '╳',
	streammap.Part:    '┴',
	streammap.Lost:    '╎',
	streammap.Dense:   '▓',
	streammap.Mixed:   '▒',
	streammap.Sparse:  '░',
	streammap.Unknown: '┄',
}

// legend is the order of the marks below a map.
var legend = []streammap.Kind{
	streammap.Agree, streammap.Alone, streammap.Dense, streammap.Cut, streammap.Part, streammap.Mixed, streammap.Lost,
	streammap.Sparse, streammap.Unknown,
}

// drawLegend explains the marks that were used and are not plain.
func drawLegend(b *strings.Builder, marks []rune, style text.Style) {
	width := 0
	for _, kind := range legend {
		glyph, meaning := glyphs[kind], kind.Meaning()
		if !slices.Contains(marks, glyph) {
			continue
		}
		if width > 0 && width+3+2+len(meaning) > style.Width() {
			b.WriteString("\n")
			width = 0
		}
		if width > 0 {
			b.WriteString("   ")
			width += 3
		}
		b.WriteString(paintMark(style, glyph) + style.Dim(" "+meaning))
		width += 2 + len(meaning)
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
	case glyphs[streammap.Cut], glyphs[streammap.Mixed]:
		return style.Bad(text)
	case glyphs[streammap.Lost], glyphs[streammap.Sparse]:
		return style.Warn(text)
	case glyphs[streammap.Agree], markFirst, markLast, glyphs[streammap.Dense]:
		return style.Good(text)
	default:
		return style.Dim(text)
	}
}
