package server

import (
	"crypto/tls"
	"regexp"
	"slices"
	"strings"
	"testing"

	"echolab/internal/firstbytes"
)

// The beginnings that tell, as a reader of RFC 9112 section 3 and RFC 8446 section 5.1 would write them down. The
// strings are bytes as Latin-1, so that the expressions see bytes.
var (
	isHTTP  = regexp.MustCompile(`^((GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH) (/|(?i:https?)://)|OPTIONS \*|CONNECT [!-~]|PRI \* HTTP/2\.0\r\n)`)
	isHello = regexp.MustCompile("^\x16\x03[\\x{00}-\\x{04}][\\x{00}-\\x{40}](?s:.)\x01")
)

// ends are endings of which one makes a beginning tell, if anything can.
var ends = func() (list []string) {
	wholes := []string{"CONNECT x", "OPTIONS *", "PRI * HTTP/2.0\r\n", "\x16\x03\x00\x00\x00\x01"}
	for method := range strings.FieldsSeq("GET HEAD POST PUT DELETE OPTIONS TRACE PATCH") {
		wholes = append(wholes, method+" /", method+" http://", method+" https://")
	}
	for _, whole := range wholes {
		for cut := range len(whole) {
			list = append(list, whole[cut:])
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}()

// naively decides what b is: by what it is, or by whether any ending could make it something.
func naively(b string, withTLS bool) (Protocol, bool) {
	tells := func(s string) (Protocol, bool) {
		switch {
		case isHTTP.MatchString(s):
			return HTTP, true
		case withTLS && isHello.MatchString(s):
			return tlsHello, true
		}
		return Raw, false
	}
	if p, ok := tells(b); ok {
		return p, true
	}
	for _, end := range ends {
		if _, ok := tells(b + end); ok {
			return Raw, false
		}
	}
	return Raw, true
}

func FuzzDecide(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\n", "GX", "GET x", "HEAD http://h/", "PUT HtTpS://h/", "POST https:/", "CONNECT host:1", "CONNECT  ",
		"OPTIONS *", "OPTIONS x", "PRI * HTTP/2.0\r\n\r\n",
		"PRI * HTTP/1.1", "PATCH httpx", "get /", "\r\nGET /", "\x16\x03\x01\x02\x00\x01", "\x16\x03\x05",
		"\x16\x03\x03\x40\x01\x02", "\x16\x03\x03\x41", "",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	for _, start := range firstbytes.Requests { // the table that the decoder of captures asks too
		f.Add([]byte(start), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, withTLS bool) {
		var w Web
		if withTLS {
			w.TLS = new(tls.Config)
		}
		var latin strings.Builder
		final := Protocol("")
		for i, c := range b[:min(len(b), 40)] {
			latin.WriteRune(rune(c))
			p, decided := w.decide(b[:i+1])
			if want, wantDecided := naively(latin.String(), withTLS); decided != wantDecided || decided && p != want {
				t.Fatalf("%q: %q, %v; naively %q, %v", b[:i+1], p, decided, want, wantDecided)
			}
			switch {
			case final != "" && (!decided || p != final):
				t.Fatalf("%q: it was %q before the last byte", b[:i+1], final)
			case decided:
				final = p
			}
		}
	})
}
