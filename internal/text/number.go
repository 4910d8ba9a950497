// Package text has words for people: numbers, plurals, lists, quotes of bytes, lines that are folded and measured in
// the columns of a terminal, and colour. It may know what Unicode and terminals make of a character. It must not know
// what the words are about: no event, no stream and no socket.
package text

import (
	"strconv"
	"strings"
)

// Number writes n with a comma between thousands.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Rounder is the round number after a round one: 1, 2, 5, 10, …
func Rounder(n int64) int64 {
	if strings.HasPrefix(strconv.FormatInt(n, 10), "2") {
		return n / 2 * 5
	}
	return n * 2
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

// List joins names as one says them: "a, b and c". Without any it is empty.
func List(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
