package beside

import (
	"strings"

	"echolab/internal/text"
)

// A line is one line of a column, safe to print: a part of a mark, or of a text, or one after the other. The lead is
// what stands in front of both.
type line struct{ lead, mark, text string }

func (l line) columns() int { return text.Columns(l.lead + l.mark + l.text) }

// at is line i, or an empty one.
func at(lines []line, i int) line {
	if i < len(lines) {
		return lines[i]
	}
	return line{}
}

const (
	gap    = "  " // between a mark and its text
	indent = "  " // of the lines that continue an entry
)

// entry folds a mark and the text after it into lines of at most width columns.
func entry(mark, sentence string, width int) []line {
	if mark != "" && sentence != "" {
		sentence = gap + sentence
	}
	var lines []line
	rest := text.Cells(mark) // of the mark, for the lines to come
	for i, folded := range fold(mark+sentence, width) {
		l := line{text: folded}
		switch {
		case strings.HasPrefix(folded, rest):
			l, rest = line{mark: rest, text: folded[len(rest):]}, ""
		case strings.HasPrefix(rest, folded):
			l, rest = line{mark: folded}, strings.TrimLeft(rest[len(folded):], " ")
		}
		if i > 0 && lines[i-1].text == "" && l.mark == "" {
			l.text = strings.TrimLeft(l.text, " ") // the mark filled its line: what is left of the gap
		}
		if i > 0 && l.columns() > 0 {
			l.lead = indent
		}
		lines = append(lines, l)
	}
	return lines
}

// fold is text.Fold with an indent for all lines but the first, with words that are too long cut, and nothing in a line
// but what keeps its columns. It leaves the indent to its caller.
func fold(sentence string, width int) []string {
	// The first line has room for the indent's columns of text: they do not count.
	free := fitting(sentence, len(indent))
	if strings.Contains(sentence[:free], "\n") {
		free = 0
	}
	width -= len(indent)
	var lines []string
	for _, rest := range text.Fold(sentence[free:], width) {
		rest = text.Cells(rest)
		n := fitting(rest, width)
		for ; n < len(rest); n = fitting(rest, width) {
			lines = append(lines, rest[:n])
			rest = rest[n:]
		}
		lines = append(lines, rest)
	}
	lines[0] = text.Cells(sentence[:free]) + lines[0]
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// fitting is how many bytes of the text, in whole characters, have room in the given columns.
func fitting(line string, columns int) int {
	for i, r := range line {
		if columns -= text.Columns(string(r)); columns < 0 {
			return i
		}
	}
	return len(line)
}
