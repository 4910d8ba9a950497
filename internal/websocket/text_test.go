package websocket_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"echolab/framing"
	"echolab/internal/websocket"
)

// texts has characters of one to four bytes, the edges of what is allowed, and every kind of what is not.
var texts = []string{
	"", "a", "é", "경계", "🙂", "a경é🙂z", "\u0000", "\u007f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff", "\ud7ff\ue000",
	"\x80", "\xff", "a\xbf", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
	"\xf5\x80\x80\x80", "\xc3", "\xea\xb0", "\xf0\x9f\x99", "\xea\xb0a", "\xf0\x9f\x99\xf0", "경\x80", "\xc3\xc3\xa9",
}

// TestATextIsCheckedAtEveryCut: in three parts, wherever they are cut, the answer is the one for the whole.
func TestATextIsCheckedAtEveryCut(t *testing.T) {
	for _, text := range texts {
		for i := range len(text) + 1 {
			for j := i; j <= len(text); j++ {
				var check websocket.Text
				err := check.Check([]byte(text[:i]), false)
				if err == nil {
					err = check.Check([]byte(text[i:j]), false)
				}
				if err == nil {
					err = check.Check([]byte(text[j:]), true)
				}
				assert.Equal(t, utf8.ValidString(text), err == nil, "%q | %q | %q: %v", text[:i], text[i:j], text[j:], err)
			}
		}
	}
}

// TestAWrongByteIsFoundAsItComes: byte by byte, the error comes with the first byte after which no text can follow.
func TestAWrongByteIsFoundAsItComes(t *testing.T) {
	for text, wrong := range map[string]int{
		"ab\x80c": 2, "\xc0\xaf": 0, "\xe0\x9f\xbf": 1, "\xed\xa0\x80": 1, "\xf0\x8f\xbf\xbf": 1, "\xf4\x90\x80\x80": 1,
		"\xea\xb0a": 2, "\xf0\x9f\x99\xf0": 3, "\xff": 0, "\xf5": 0,
	} {
		var check websocket.Text
		for i := range len(text) {
			err := check.Check([]byte{text[i]}, false)
			if i < wrong {
				assert.NoError(t, err, "%q, byte %d", text, i)
				continue
			}
			var broken *framing.ProtocolError
			assert.ErrorAs(t, err, &broken, "%q, byte %d", text, i)
			assert.Equal(t, 1007, broken.Code)
			break
		}
		// The same in one part that is not the last.
		whole := websocket.Text{}
		assert.Error(t, whole.Check([]byte(text[:wrong+1]), false), "%q", text)
	}
}
