package framing_test

import (
	"bufio"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/framing/framingtest"
)

func TestEveryDelimiterKeepsTheContract(t *testing.T) {
	for _, text := range []string{"\x00", "\r\n", "\x1e", "aab", "0123456789abcdef"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, framingtest.TestCodec(framing.Delimiter{Text: text}))
		})
	}
}

func TestADelimiterHasAName(t *testing.T) {
	for name, text := range map[string]string{
		`delimiter=\0`: "\x00", `delimiter=\r\n`: "\r\n", `delimiter=\x1e`: "\x1e", `delimiter=;`: ";", `delimiter=\\n`: `\n`,
		`delimiter=끝`: "끝", `delimiter=\t\xff`: "\t\xff", `delimiter= `: " ", `delimiter=\01`: "\x001", `delimiter=\xe2\x80\xae`: "\u202e",
	} {
		c, err := framing.Parse(name)
		require.NoError(t, err, name)
		assert.Equal(t, framing.Delimiter{Text: text}, c)
		assert.Equal(t, name, fmt.Sprint(c))
	}
	for name, says := range map[string]string{
		"delimiter=": "1 to 16 bytes, not 0", "delimiter=12345678901234567": "not 17", `delimiter=\q`: `and not "\\q"`,
		`delimiter=\`: "ends it here", `delimiter=\x1`: `and not "\\x"`, `delimiter=\xzz`: `and not "\\x"`,
	} {
		c, err := framing.Parse(name)
		assert.ErrorContains(t, err, says, name)
		assert.Nil(t, c)
	}
}

func TestADelimiterIsFoundHoweverTheStreamIsCut(t *testing.T) {
	d := framing.Delimiter{Text: "aab"}
	const wire = "aab" + "xaab" + "aaab" + "baab" + "abaaab"
	for _, size := range []int{16, 17, 4096} {
		r := bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(strings.Repeat("y", 100)+wire)), size)
		for _, want := range []string{strings.Repeat("y", 100), "x", "a", "b", "aba"} {
			msg, err := d.Read(r, 100)
			require.NoError(t, err)
			assert.Equal(t, want, string(msg))
		}
	}
}

func TestWhatADelimiterCannotCarry(t *testing.T) {
	for msg, at := range map[string]int{"aab": 0, "xaaby": 1, "aa": -1, "xa": -1} {
		_, err := framing.Delimiter{Text: "aab"}.Append(nil, []byte(msg))
		if at < 0 {
			assert.NoError(t, err, msg)
			continue
		}
		assert.ErrorIs(t, err, framing.ErrUnframable, msg)
		assert.ErrorContains(t, err, fmt.Sprintf("at byte %d", at))
	}
	_, err := framing.Delimiter{Text: "aba"}.Append(nil, []byte("xab"))
	assert.ErrorContains(t, err, "at byte 1", "it would begin in the message's end")
	for _, text := range []string{"", strings.Repeat("x", 17)} {
		d := framing.Delimiter{Text: text}
		_, err := d.Append(nil, nil)
		assert.ErrorContains(t, err, "1 to 16 bytes")
		_, err = d.Read(reader([]byte("x")), 1)
		assert.ErrorContains(t, err, "1 to 16 bytes")
	}
}
