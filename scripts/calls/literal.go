package main

import (
	"regexp"
	"strconv"
	"strings"

	"echolab/internal/text"
)

// literalArg is a string as strace prints it: in quotes, with escapes.
var literalArg = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)

// data is the first string among the arguments: as many of its bytes as strace kept.
func (c *call) data() []byte {
	if groups := literalArg.FindStringSubmatch(c.args); groups != nil {
		return unescape(groups[1])
	}
	return nil
}

// String is the call as strace printed it without its name, but for the first string: it is quoted as in the account,
// and cut if strace was asked for more than a line has room for.
func (c *call) String() string {
	const shown = 48
	args := c.args
	if at := literalArg.FindStringIndex(args); at != nil {
		quoted, rest := text.Quote(c.data(), shown), args[at[1]:]
		if strings.HasPrefix(rest, "...") {
			quoted = strings.TrimSuffix(quoted, "...")
		}
		args = args[:at[0]] + quoted + rest
	}
	return "(" + args + ") = " + c.result
}

var escaped = regexp.MustCompile(`\\(?:x[0-9a-f]{2}|[0-7]{1,3}|.)`)

// unescape undoes the escapes in which strace prints bytes: those of C, in octal, or in hexadecimal if it was asked to.
func unescape(s string) []byte {
	return escaped.ReplaceAllFunc([]byte(s), func(escape []byte) []byte {
		code, base := string(escape[1:]), 8
		if at := strings.Index("tnvfr", code); at >= 0 {
			return []byte{"\t\n\v\f\r"[at]}
		}
		if digits, ok := strings.CutPrefix(code, "x"); ok {
			code, base = digits, 16
		}
		v, err := strconv.ParseUint(code, base, 16)
		if err != nil {
			return escape[1:] // a quote, or a backslash
		}
		return []byte{byte(v)}
	})
}
