package text

import (
	"strconv"
	"unicode/utf8"
)

// Dots stand where there was more.
const Dots = "..."

// Quote shows the first bytes of b, at most max of them, as a quoted string that is safe to print: what is not a
// printable character, and every byte of a character that was cut, stands as an escape. Three dots after the closing
// quote say that there was more.
func Quote(b []byte, max int) string {
	if len(b) <= max {
		return strconv.Quote(string(b))
	}
	head := b[:max]
	// The cut here is ours, not the stream's: do not show it as one.
	for i := 1; i < utf8.UTFMax && i <= len(head); i++ {
		if tail := b[len(head)-i:]; utf8.RuneStart(tail[0]) {
			if _, size := utf8.DecodeRune(tail); size > i {
				head = head[:len(head)-i]
			}
			break
		}
	}
	return strconv.Quote(string(head)) + Dots
}

// QuoteColumns quotes as much of b as has room in the given columns, as [Quote] does.
func QuoteColumns(b []byte, room int) string {
	for n := room; ; n-- {
		if q := Quote(b, max(n, 0)); Columns(q) <= room || n <= 0 {
			return q
		}
	}
}
