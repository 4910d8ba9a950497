package server_test

import (
	"strings"
	"testing"

	"echolab/internal/server"
)

func TestRFC6455Fragments(t *testing.T) {
	t.Parallel()
	a := func(first byte) string { return sends(first, "a") }
	var talks []talk
	for _, begin := range []byte{0x01, 0x02} {
		for _, next := range []string{"\x01", "\x02", "\x81", "\x82"} {
			talks = append(talks,
				breaks("5.4 a new message after a fragment, "+line(begin, next), a(begin)+next, 1002),
				breaks("5.4 a new message after a continuation, "+line(begin, next), a(begin)+a(0x00)+next, 1002))
		}
		talks = append(talks,
			goesOn("5.4 two fragments "+line(begin, ""), a(begin)+a(0x80), line(begin|0x80, "aa")),
			goesOn("5.4 three fragments "+line(begin, ""), a(begin)+a(0x00)+a(0x80), line(begin|0x80, "aaa")),
			goesOn("5.4 only empty fragments "+line(begin, ""), sends(begin, "")+sends(0x00, "")+sends(0x80, ""),
				line(begin|0x80, "")),
			goesOn("5.4 an empty last one "+line(begin, ""), a(begin)+sends(0x80, ""), line(begin|0x80, "a")),
			goesOn("5.4 an empty first one "+line(begin, ""), sends(begin, "")+a(0x80), line(begin|0x80, "a")))
	}
	talks = append(talks,
		breaks("5.4 a continuation after a whole message", a(0x81)+"\x80", 1002, `81 "a"`),
		breaks("5.4 a continuation after the last one", a(0x01)+a(0x80)+"\x00", 1002, `81 "aa"`),
		breaks("5.4 a continuation after a Ping", a(0x89)+"\x80", 1002, `8a "a"`),
		goesOn("5.4 one message after another", a(0x01)+a(0x80)+a(0x02)+a(0x00)+a(0x80)+a(0x81), `81 "aa"`,
			`82 "aaa"`, `81 "a"`))
	converse(t, &server.Server{Web: new(server.Web)}, talks)
}

func TestRFC6455ManyFragments(t *testing.T) {
	t.Parallel()
	const n = 1000
	whole := strings.Repeat("안녕", n)
	var one, pings, empty strings.Builder
	var pongs []string
	for i := range n {
		first := byte(0x00)
		if i == 0 {
			first = 0x01
		}
		part := whole[6*i : 6*i+6]
		one.WriteString(sends(first, part))
		pings.WriteString(sends(first, part[:4]) + sends(0x89, part) + sends(0x00, part[4:]))
		pongs = append(pongs, line(0x8a, part))
		empty.WriteString(sends(first, ""))
	}
	end := sends(0x80, "")
	converse(t, &server.Server{Web: new(server.Web)}, []talk{
		goesOn("5.4 a thousand fragments", one.String()+end, line(0x81, whole)),
		goesOn("5.4 a Ping in each", pings.String()+end, append(pongs, line(0x81, whole))...),
		goesOn("5.4 a thousand empty fragments", empty.String()+end, `81 ""`),
	})
}
