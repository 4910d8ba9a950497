package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Width is the width in columns that everything is made for, where no terminal says how many it has.
const Width = 80

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
			return hidden
		}
		return r
	}, line)
}

// Harmless is the line with nothing in it that a terminal would obey.
func Harmless(line string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return hidden
		}
		return r
	}, line)
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
const hidden = '·'

// joins says whether r takes no column of its own, but is drawn into the character before it: an accent, or a vowel or
// a final consonant of a Hangul syllable that is written in its parts.
func joins(r rune) bool {
	return unicode.Is(unicode.M, r) || 0x1160 <= r && r <= 0x11ff || 0xd7b0 <= r && r <= 0xd7ff
}

// Visible returns what stands for the first character of b in a picture, and how many bytes that is: it is one
// character that can be seen and joins no other, which could not keep its place, or a dot. None needs more columns than
// it has bytes.
func Visible(b []byte) (string, int) {
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n == 1 || !unicode.IsGraphic(r) || joins(r) {
		return string(hidden), n
	}
	return string(r), n
}
