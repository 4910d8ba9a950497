package server_test

import (
	"fmt"
	"strings"
	"testing"

	"echolab/internal/server"
)

// goodTexts are at the edges of what UTF-8 can say (RFC 3629 section 4).
var goodTexts = map[string]string{
	"U+0000": "\x00", "U+007F": "\x7f", "U+0080": "\xc2\x80", "U+07FF": "\xdf\xbf", "U+0800": "\xe0\xa0\x80",
	"U+D7FF": "\xed\x9f\xbf", "U+E000": "\xee\x80\x80", "U+FEFF": "\xef\xbb\xbf", "U+FFFD": "\xef\xbf\xbd",
	"U+FFFE": "\xef\xbf\xbe", "U+FFFF": "\xef\xbf\xbf", "U+10000": "\xf0\x90\x80\x80", "U+3FFFF": "\xf0\xbf\xbf\xbf",
	"U+10FFFF": "\xf4\x8f\xbf\xbf", "Hangul": "안녕하세요", "all widths": "a\u00e9\uc548\U0001f600z",
}

// badTexts end with the first byte that no text can go on with.
var badTexts = map[string]string{
	"a continuation byte": "\x80", "another": "\xbf", "a continuation byte after a character": "\xec\x95\x88\x80",
	"an overlong /, 2 bytes": "\xc0", "C1": "\xc1", "an overlong /, 3 bytes": "\xe0\x80",
	"U+07FF in 3 bytes":      "\xe0\x9f",
	"an overlong /, 4 bytes": "\xf0\x80", "U+FFFF in 4 bytes": "\xf0\x8f", "U+D800": "\xed\xa0", "U+DFFF": "\xed\xbf",
	"U+110000": "\xf4\x90", "U+13FFFF": "\xf4\xbf", "U+140000": "\xf5", "F7": "\xf7", "5 bytes": "\xf8",
	"6 bytes": "\xfc", "FE": "\xfe", "FF": "\xff",
	"a letter after 1 byte of 2": "\xc3a", "after 1 byte of 3": "\xeca", "after 2 bytes of 3": "\xec\x95a",
	"after 1 byte of 4": "\xf0a", "after 3 bytes of 4": "\xf0\x9f\x98a", "a beginning after a beginning": "\xec\xec",
	"a beginning after 3 bytes of 4": "\xf0\x9f\x98\xf0", "FF after 2 bytes of 3": "\xec\x95\xff",
}

// cutTexts end inside a character.
var cutTexts = []string{"\xc3", "\xec", "\xec\x95", "\xf0", "\xf0\x9f", "\xf0\x9f\x98", "\xe0", "\xed", "\xf4"}

func TestRFC6455TextThatIsUTF8(t *testing.T) {
	t.Parallel()
	var talks []talk
	for name, text := range goodTexts {
		same := line(0x81, text)
		talks = append(talks, goesOn("8.1 "+name, sends(0x81, text)+sends(0x81, "["+text+"]"), same, line(0x81,
			"["+text+"]")))
		for cut := range len(text) + 1 {
			a, b := sends(0x01, text[:cut]), sends(0x80, text[cut:])
			talks = append(talks,
				goesOn(fmt.Sprintf("5.6 %s in two fragments, cut at %d, a Ping between", name, cut), a+sends(0x89,
					"p")+b, `8a "p"`, same))
		}
		fragments := sends(0x01, "")
		for _, b := range []byte(text) {
			fragments += sends(0x00, string([]byte{b})) + sends(0x00, "")
		}
		talks = append(talks, goesOn("5.6 "+name+", every byte a fragment", fragments+sends(0x80, ""), same))
	}
	converse(t, &server.Server{Web: new(server.Web)}, talks)
}

func TestRFC6455TextThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	var talks []talk
	for name, bad := range badTexts {
		claims := func(first byte, payload string) string {
			return head(first,
				100) + masked(payload)
		} // more than will come
		talks = append(talks,
			breaks("8.1 "+name+" at the beginning", claims(0x81, bad), 1007),
			breaks("8.1 "+name+" after text", sends(0x81, "ok")+claims(0x81, "abc안"+bad), 1007, `81 "ok"`),
			breaks("8.1 "+name+" in a continuation", sends(0x01, "abc")+sends(0x89, "p")+claims(0x00, bad), 1007,
				`8a "p"`),
			breaks("8.1 "+name+" in a whole frame", sends(0x81, bad), 1007),
		)
		for cut := 1; cut < len(bad); cut++ {
			talks = append(talks, breaks(fmt.Sprintf("8.1 %s, cut at %d by a fragment", name, cut),
				sends(0x01, bad[:cut])+sends(0x00, "")+claims(0x80, bad[cut:]), 1007))
		}
		talks = append(talks, goesOn("5.6 "+name+" in binary", sends(0x82, bad)+sends(0x02, bad)+sends(0x80, ""),
			line(0x82, bad), line(0x82, bad)))
	}
	for _, cut := range cutTexts {
		name := fmt.Sprintf("8.1 the end inside a character, after %x", cut)
		talks = append(talks,
			breaks(name, sends(0x81, "ab"+cut), 1007),
			breaks(name+", with an empty last fragment", sends(0x01, cut)+"\x80\x80"+string(maskKey[:]), 1007),
			breaks(name+", in the last fragment", sends(0x01, "ab")+sends(0x80, cut), 1007),
			goesOn(name+", which the next message must not feel", sends(0x82, cut)+sends(0x81, "a"), line(0x82, cut),
				`81 "a"`))
	}
	long := strings.Repeat("안", 30_000)
	talks = append(talks,
		breaks("8.1 late in a long frame", head(0x81, 1<<20)+masked(long+"\xff"), 1007),
		breaks("8.1 late in a long fragment", sends(0x01, long)+head(0x00, 1<<19)+masked("\x80"), 1007))
	converse(t, &server.Server{Web: new(server.Web)}, talks)
}
