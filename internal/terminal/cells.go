package terminal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"echolab/internal/text"
)

// blank returns n empty cells, one for each column of a terminal.
func blank(n int) []rune {
	cells := make([]rune, n)
	fill(cells, ' ')
	return cells
}

func fill(cells []rune, with rune) {
	for i := range cells {
		cells[i] = with
	}
}

// wideTail fills the second column of a character that takes two.
const wideTail = 0

// put writes s, which stands for one character, into the cells from col on.
func put(cells []rune, col int, s string) {
	for _, r := range s {
		if col >= len(cells) {
			return
		}
		cells[col] = r
		if col++; text.Columns(string(r)) == 2 && col < len(cells) {
			cells[col] = wideTail
			col++
		}
	}
}

func joinCells(cells []rune) string {
	return strings.ReplaceAll(string(cells), string(rune(wideTail)), "")
}

// center writes text among the given marks, as near to the middle of cells as a place with a free cell on each side. It
// returns whether there is one.
func center(cells []rune, text string, marks ...rune) bool {
	label := []rune(text)
	off := func(at int) int { return max(2*at+len(label)-len(cells), len(cells)-2*at-len(label)) } // from the middle
	best, free := -1, 0
	for i, cell := range cells {
		if free++; !slices.Contains(marks, cell) {
			free = 0
		}
		if at := i - len(label); free >= len(label)+2 && (best < 0 || off(at) < off(best)) {
			best = at
		}
	}
	if best >= 0 {
		copy(cells[best:], label)
	}
	return best >= 0
}

// short writes a number in the largest binary unit that divides it, or half of which does.
func short(n int64) string {
	const units = "KMGTPE"
	unit := -1
	for n != 0 && n%1024 == 0 && unit < len(units)-1 {
		n /= 1024
		unit++
	}
	switch {
	case n > 1024 && n%1024 == 512 && unit < len(units)-1:
		return fmt.Sprintf("%d.5%c", n/1024, units[unit+1])
	case unit < 0:
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%d%c", n, units[unit])
}
