package trace

import (
	"strconv"
	"unicode/utf8"
)

// dots stand where there was more.
const dots = "..."

// Quote shows the first bytes of b, at most max of them, as a quoted string that is safe to print: what is not a
// printable character, and every byte of a character that was cut, stands as an escape. Three dots behind the closing
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
	return strconv.Quote(string(head)) + dots
}
