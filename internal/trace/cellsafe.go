package trace

import (
	"strings"
	"unicode"
)

// Columns is how many columns of a terminal the text takes: two for each wide character, such as a syllable of Hangul,
// and one for any other.
func Columns(text string) int {
	n := 0
	for _, r := range text {
		n += columns(r)
	}
	return n
}

// Cells is the line with every character in it taking the columns that [Columns] counts: dots stand for what a terminal
// would obey, and for what it would draw into the character before.
func Cells(line string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || joins(r) {
			return []rune(hidden)[0]
		}
		return r
	}, line)
}

// QuoteColumns quotes as much of b as has room in the given columns, as [Quote] does.
func QuoteColumns(b []byte, room int) string {
	for n := room; ; n-- {
		if q := Quote(b, max(n, 0)); Columns(q) <= room || n <= 0 {
			return q
		}
	}
}
