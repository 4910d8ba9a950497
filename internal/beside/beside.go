// Package beside prints two accounts of the same time side by side, as wide as the terminal is, such as what the programs say and
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

// divider is what stands between the columns.
const divider = " │ "

// A Printer prints entries in the order in which they are handed over, whatever their times. Whether they could be
// written is the writer's business. It is for one goroutine.
type Printer struct {
	w     io.Writer
	style text.Style
	left  int  // columns
	right int  // columns
	alone bool // there is no left column
}

// New returns a Printer to w, and prints the titles of its two columns above a rule. Without a title on the left there
// is only the right column, as wide as both, and no rule; the left one must not be used then.
func New(w io.Writer, style text.Style, left, right string) *Printer {
	p := &Printer{w: w, style: style, right: style.Width(), alone: left == ""}
	p.left = (style.Width() - text.Columns(divider)) / 2
	if need := style.TooNarrow("two texts side by side"); need != "" {
		fmt.Fprintln(w, style.Warn(need))
	}
	if p.alone {
		return p
	}
	p.right -= p.left + text.Columns(divider)
	l, r := entry(left, "", p.left), entry(right, "", p.right)
	for i := range max(len(l), len(r)) {
		p.row(at(l, i), at(r, i))
	}
	fmt.Fprintln(w, style.Dim(strings.Repeat("─", p.left)+"─┼─"+strings.Repeat("─", p.right)))
	return p
}

// Left prints an entry in the left column. Its mark is a short lead, such as "client write", in bold; the text is folded
// to the column, words longer than that are cut, and line breaks are kept.
func (p *Printer) Left(mark, text string) {
	for _, l := range entry(mark, text, p.left) {
		p.row(l, line{})
	}
}

// Right prints an entry in the right column, as Left does in the left one.
func (p *Printer) Right(mark, sentence string) {
	for _, l := range entry(mark, sentence, p.right) {
		if p.alone {
			fmt.Fprintln(p.w, p.paint(l))
		} else {
			p.row(line{}, l)
		}
	}
}

// row prints a line of both columns.
func (p *Printer) row(left, right line) {
	cells := p.paint(left) + strings.Repeat(" ", p.left-left.columns()) + p.style.Dim(" │")
	if right.columns() > 0 {
		cells += " " + p.paint(right)
	}
	fmt.Fprintln(p.w, cells)
}

func (p *Printer) paint(l line) string { return l.lead + p.style.Bold(l.mark) + l.text }
