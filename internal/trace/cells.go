package trace

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// blank returns n empty cells, one for each column of a terminal.
func blank(n int) []rune {
	cells := make([]rune, n)
	for i := range cells {
		cells[i] = ' '
	}
	return cells
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
		if col++; columns(r) == 2 && col < len(cells) {
			cells[col] = wideTail
			col++
		}
	}
}

func joinCells(cells []rune) string {
	return strings.ReplaceAll(string(cells), string(rune(wideTail)), "")
}

// columns is how many columns of a terminal a printable character takes that joins no other.
func columns(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// hidden stands for a byte that is no printable character, or only part of one.
const hidden = "·"

// joins says whether r takes no column of its own, but is drawn into the character before it: an accent, or a vowel or
// a final consonant of a Hangul syllable that is written in its parts.
func joins(r rune) bool {
	return unicode.Is(unicode.M, r) || 0x1160 <= r && r <= 0x11ff || 0xd7b0 <= r && r <= 0xd7ff
}

// visible returns what stands for the first character of b in a map, and how many bytes that is. A character that
// joins another could not keep its place on the ruler: it is hidden. None needs more columns than it has bytes.
func visible(b []byte) (string, int) {
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n == 1 || !unicode.IsGraphic(r) || joins(r) {
		return hidden, n
	}
	return string(r), n
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

// Number writes n with a comma between thousands.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Bytes writes a number of bytes.
func Bytes(n int64) string { return Count(n, "byte", "bytes") }

// Count writes a number of things, with the word for one of them or for several.
func Count[N int | int64](n N, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(int64(n)) + " " + several
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
