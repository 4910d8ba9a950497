package framingtest_test

import (
	"bufio"
	"bytes"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"echolab/framing"
)

// capacityFaults return messages right, with the memory of others in their spare capacity.
var capacityFaults = []fault{
	{"a view into the reader's buffer, whose capacity goes on over the next message", prefixed(options{
		body: func(r *bufio.Reader, n, max int) ([]byte, error) {
			if n > r.Size() {
				return readBody(r, n, max)
			}
			msg, err := r.Peek(n)
			if err != nil {
				return nil, inside(err)
			}
			_, err = r.Discard(n)
			return msg, err
		}}), []string{"capacity"}},
	{"a view only of what is larger than the smallest buffer", prefixed(options{
		body: func(r *bufio.Reader, n, max int) ([]byte, error) {
			if n <= 16 || n > r.Size() {
				return readBody(r, n, max)
			}
			msg, err := r.Peek(n)
			if err != nil {
				return nil, inside(err)
			}
			_, err = r.Discard(n)
			return msg, err
		}}), []string{"capacity"}},
	{"an empty message that is a view of no bytes", prefixed(options{
		body: func(r *bufio.Reader, n, max int) ([]byte, error) {
			if n > 0 {
				return readBody(r, n, max)
			}
			msg, _ := r.Peek(r.Buffered())
			return msg[:0], nil
		}}), []string{"capacity"}},
	{"messages of all connections side by side in one piece of memory", slab(), []string{"capacity"}},
}

// slab cuts the messages of all connections from one piece of memory, and never uses a part of it twice.
func slab() framing.Codec {
	var mu sync.Mutex
	var free []byte
	return prefixed(options{body: func(r *bufio.Reader, n, max int) ([]byte, error) {
		msg, err := readBody(r, n, max)
		if err != nil || n > 1000 {
			return msg, err
		}
		mu.Lock()
		defer mu.Unlock()
		if len(free) < n {
			free = make([]byte, 4096)
		}
		part := free[:n]
		free = free[n:]
		copy(part, msg)
		return part, nil
	}})
}

// textFaults take bytes for text, and change it into what looks the same or nearly so.
var textFaults = []fault{
	{"text is composed (NFC)", trimmed(norm.NFC.Bytes), []string{"round trip"}},
	{"text is decomposed (NFD)", trimmed(norm.NFD.Bytes), []string{"round trip"}},
	{"decomposed Hangul is composed, and nothing else", trimmed(func(msg []byte) []byte {
		if bytes.Contains(msg, []byte("\u1100\u1167")) {
			return norm.NFC.Bytes(msg)
		}
		return msg
	}), []string{"round trip"}},
	{"a letter and its accent are composed, and nothing else", trimmed(replaced("e\u0301", "\u00e9")), []string{"round trip"}},
	{"the sign of a unit becomes the letter that it is", trimmed(replaced("\u212b", "\u00c5")), []string{"round trip"}},
	{"letters that are drawn as one are taken apart (NFKC)", trimmed(replaced("\ufb01", "fi")), []string{"round trip"}},
	{"wide letters become narrow", trimmed(replaced("\uff21", "A")), []string{"round trip"}},
	{"what has no width is taken out", trimmed(replaced("\u200b", "")), []string{"round trip"}},
	{"soft hyphens are taken out", trimmed(replaced("\u00ad", "")), []string{"round trip"}},
	{"marks of direction are taken out", trimmed(replaced("\u202e", "")), []string{"round trip"}},
	{"white space of other scripts is trimmed, and no other", trimmed(func(msg []byte) []byte {
		return bytes.Trim(msg, "\u3000\u00a0")
	}), []string{"round trip"}},
	{"characters of four bytes become question marks", trimmed(func(msg []byte) []byte {
		if !utf8.Valid(msg) {
			return msg
		}
		return bytes.Map(func(r rune) rune {
			if r > 0xffff {
				return '?'
			}
			return r
		}, msg)
	}), []string{"round trip"}},
	{"what is no UTF-8 is replaced", trimmed(func(msg []byte) []byte {
		return bytes.ToValidUTF8(msg, []byte("\ufffd"))
	}), []string{"round trip"}},
}

func replaced(old, with string) func([]byte) []byte {
	return func(msg []byte) []byte { return bytes.ReplaceAll(msg, []byte(old), []byte(with)) }
}
