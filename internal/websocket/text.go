package websocket

import (
	"unicode/utf8"

	"echolab/framing"
)

// A Text checks that the bytes of one message are UTF-8 as they come, wherever they are cut (RFC 6455 section 8.1).
// The zero value is at the beginning of a message.
type Text struct {
	cut [utf8.UTFMax]byte // the beginning of a character whose end has not come
	n   int
}

// Check takes the next bytes of the message, and whether they are its last. The error is a *framing.ProtocolError with
// code 1007; it comes with the first byte that cannot be part of a character.
func (t *Text) Check(b []byte, last bool) error {
	for t.n > 0 && len(b) > 0 {
		t.cut[t.n] = b[0]
		t.n, b = t.n+1, b[1:]
		if _, size := utf8.DecodeRune(t.cut[:t.n]); size == t.n {
			t.n = 0
		} else if utf8.FullRune(t.cut[:t.n]) {
			return errNotText
		}
	}
	if !last {
		b = t.keepCut(b)
	}
	if !utf8.Valid(b) || last && t.n > 0 {
		return errNotText
	}
	return nil
}

// keepCut keeps the character that b may end inside of, and returns what is before it.
func (t *Text) keepCut(b []byte) []byte {
	for i := len(b) - 1; i >= 0 && i > len(b)-utf8.UTFMax; i-- {
		if !utf8.RuneStart(b[i]) {
			continue
		}
		if !utf8.FullRune(b[i:]) {
			t.n = copy(t.cut[:], b[i:])
			return b[:i]
		}
		break
	}
	return b
}

var errNotText = &framing.ProtocolError{Code: framing.CodeInvalidPayload, Text: "a text message is not UTF-8 (RFC 6455, 8.1)"}
