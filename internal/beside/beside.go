// Package beside prints two accounts of the same time side by side, 80 columns wide, such as what the programs say and
// what crossed the wire. It may know events and words. It must not know where the accounts come from, nor draw a map.
//
// Entries are in the order of time, one to a row; the other column is empty beside them.
package beside

import (
	"fmt"
	"io"
	"strings"

	"echolab/internal/text"
)

// The widths of the columns: with the divider between them they fill a terminal of 80.
const (
	leftWidth  = 38
	rightWidth = 39
)

// A Printer prints entries in the order in which they are handed over, whatever their times. Whether they could be
// written is the writer's business. It is for one goroutine.
type Printer struct {
	w     io.Writer
	style text.Style
	alone bool // there is no left column
}

// New returns a Printer to w, and prints the titles of its two columns above a rule. Without a title on the left there
// is only the right column, as wide as both, and no rule; the left one must not be used then.
func New(w io.Writer, style text.Style, left, right string) *Printer {
	p := &Printer{w: w, style: style, alone: left == ""}
	if p.alone {
		return p
	}
	l, r := entry(left, "", leftWidth), entry(right, "", rightWidth)
	for i := range max(len(l), len(r)) {
		p.row(at(l, i), at(r, i))
	}
	fmt.Fprintln(w, style.Dim(strings.Repeat("─", leftWidth)+"─┼─"+strings.Repeat("─", rightWidth)))
	return p
}

// Left prints an entry in the left column. Its mark is a short lead, such as "client write", in bold; the text is folded
// to the column, words longer than that are cut, and line breaks are kept.
func (p *Printer) Left(mark, text string) {
	for _, l := range entry(mark, text, leftWidth) {
		p.row(l, line{})
	}
}

// Right prints an entry in the right column, as Left does in the left one.
func (p *Printer) Right(mark, sentence string) {
	if p.alone {
		for _, l := range entry(mark, sentence, text.Width) {
			fmt.Fprintln(p.w, p.paint(l))
		}
		return
	}
	for _, l := range entry(mark, sentence, rightWidth) {
		p.row(line{}, l)
	}
}

// row prints a line of both columns.
func (p *Printer) row(left, right line) {
	cells := p.paint(left) + strings.Repeat(" ", leftWidth-left.columns()) + p.style.Dim(" │")
	if right.columns() > 0 {
		cells += " " + p.paint(right)
	}
	fmt.Fprintln(p.w, cells)
}

func (p *Printer) paint(l line) string { return l.lead + p.style.Bold(l.mark) + l.text }
