package strace

import (
	"strconv"
	"strings"
)

// literal is where the first string among the arguments stands, without its quotes: of several buffers the first, and not
// an address before them. Both are 0 if there is none.
func (c *Call) literal() (start, end int) {
	const buffer = `iov_base="`
	if start = strings.Index(c.Args, buffer) + len(buffer); start < len(buffer) {
		start = strings.Index(c.Args, `"`) + 1
	}
	if start == 0 {
		return 0, 0
	}
	for end = start; end < len(c.Args); end++ {
		switch c.Args[end] {
		case '"':
			return start, end
		case '\\':
			end++
		}
	}
	return 0, 0
}

// unescape undoes the escapes in which strace prints bytes: those of C, in octal, or in hexadecimal if it was asked to.
// It stops after max bytes.
func unescape(s string, max int) []byte {
	var b []byte
	for len(s) > 0 && len(b) < max {
		next, n := s[0], 1
		if next == '\\' && len(s) > 1 {
			next, n = escape(s[1:])
			n++
		}
		b, s = append(b, next), s[n:]
	}
	return b
}

// escape is the byte that is written with a backslash before s, and how much of s that takes.
func escape(s string) (b byte, n int) {
	if at := strings.IndexByte("tnvfr", s[0]); at >= 0 {
		return "\t\n\v\f\r"[at], 1
	}
	if s[0] == 'x' && len(s) >= 3 {
		if v, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			return byte(v), 3
		}
	}
	v := 0
	for n < len(s) && n < 3 && '0' <= s[n] && s[n] <= '7' {
		v = v<<3 | int(s[n]-'0')
		n++
	}
	if n == 0 {
		return s[0], 1 // a quote, or a backslash
	}
	return byte(v), n
}
