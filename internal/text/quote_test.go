package text_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/text"
)

func TestQuoteShowsWhatIsPrintableAndEscapesTheRest(t *testing.T) {
	for b, want := range map[string]string{
		"":                      `""`,
		"hello":                 `"hello"`,
		"안녕하세요":                 `"안녕하세요"`,
		"two  spaces":           `"two  spaces"`,
		"\"\\":                  `"\"\\"`,
		"\r\n\t\x00\x7f":        `"\r\n\t\x00\x7f"`,
		"\x1b[31mred":           `"\x1b[31mred"`,
		"\u0085\u202e\ufeff":    `"\u0085\u202e\ufeff"`,
		"\xff\xfe":              `"\xff\xfe"`,
		"안"[:2]:                 `"\xec\x95"`,
		"안녕"[:4]:                `"안\xeb"`,
		"안녕"[1:]:                `"\x95\x88녕"`,
		strings.Repeat("x", 8):  `"xxxxxxxx"`,
		strings.Repeat("x", 99): `"` + strings.Repeat("x", 20) + `"...`,
	} {
		assert.Equal(t, want, text.Quote([]byte(b), 20))
	}
}

func TestQuotesOwnCutIsNotShownAsOne(t *testing.T) {
	for max, want := range map[int]string{
		0: `""...`, 1: `""...`, 2: `""...`, 3: `"안"...`, 4: `"안"...`, 5: `"안"...`, 6: `"안녕"`, 7: `"안녕"`,
	} {
		assert.Equal(t, want, text.Quote([]byte("안녕"), max), "at most %d bytes", max)
	}
	assert.Equal(t, `"안"...`, text.Quote([]byte("안녕"[:5]), 3))
	assert.Equal(t, `"안\xeb"...`, text.Quote([]byte("안녕"[:5]), 4), "the stream ends in the middle of a character: that is shown")
}

func TestQuoteIsTheSameAsItsTwin(t *testing.T) {
	const sentence = "a안é😀녕"
	for from := range len(sentence) {
		for to := from; to <= len(sentence); to++ {
			for max := range len(sentence) + 2 {
				b := []byte(sentence[from:to])
				require.Equal(t, quoteTwin(b, max), text.Quote(b, max), "%q, at most %d bytes", b, max)
			}
		}
	}
}

// quoteTwin takes one character after the other, as long as each is whole.
func quoteTwin(b []byte, max int) string {
	n := 0
	for n < len(b) {
		_, size := utf8.DecodeRune(b[n:])
		if n+size > max {
			return strconv.Quote(string(b[:n])) + "..."
		}
		n += size
	}
	return strconv.Quote(string(b))
}

func FuzzQuote(f *testing.F) {
	f.Add([]byte("hello안녕하세요goodbye, TCP!"), 10) // a cut inside 안
	f.Add([]byte("\x1b]0;title\a"), 4)           // what a terminal would obey
	f.Add([]byte("\xf0\x9f\x98"), 2)             // an emoji without its last byte
	f.Add([]byte("\x80\x80\x80\x80\x80"), 4)     // no character begins anywhere
	f.Fuzz(func(t *testing.T, b []byte, max int) {
		if max < 0 {
			return
		}
		quoted := text.Quote(b, max)
		require.Equal(t, quoteTwin(b, max), quoted)
		for _, r := range quoted {
			require.True(t, strconv.IsPrint(r), "%q in %q", r, quoted)
		}
		shown, err := strconv.Unquote(strings.TrimSuffix(quoted, "..."))
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(b), shown))
	})
}
