package framing_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"

	"echolab/framing"
)

// errMore is what the reader says where the bytes end that have come so far.
var errMore = errors.New("more is to come")

// An Expecter must say what Read would find: enough, exactly where Read would not ask for more. Wrong in one direction a
// message is told late or never, wrong in the other nothing is gained.
func TestEnoughIsWhereReadNeedsNoMore(t *testing.T) {
	const limit = 8
	for _, c := range []struct {
		codec  framing.Codec
		stream string
	}{
		{framing.Lines{}, "\n"}, {framing.Lines{}, "hello\r\nworld"}, {framing.Lines{}, "12345678\r\n"},
		{framing.Lines{}, "no end, and over the limit"},
		{framing.Fixed(5), "helloworld"}, {framing.Fixed(9), "over the limit"},
		{framing.LengthPrefix{}, "\x00\x00\x00\x00"}, {framing.LengthPrefix{}, "\x00\x00\x00\x05hello\x00"},
		{framing.LengthPrefix{}, "\x00\x00\x00\x08eight by"}, {framing.LengthPrefix{}, "\xff\xff\xff\xffover the limit"},
	} {
		expecter := c.codec.(framing.Expecter)
		seen := 0
		for n := 1; n <= len(c.stream); n++ {
			_, err := c.codec.Read(bufio.NewReader(io.MultiReader(strings.NewReader(c.stream[:n]), iotest.ErrReader(errMore))), limit)
			enough := expecter.Enough([]byte(c.stream[:n]), seen, limit)
			if !errors.Is(err, errMore) {
				assert.True(t, enough, "%v: Read can say what %q is", c.codec, c.stream[:n])
				break
			}
			if enough { // too early costs a call, and no more: a line of the limit may still have a CR
				assert.True(t, bytes.HasSuffix([]byte(c.stream[:n]), []byte("\r")), "%v needs more than %q", c.codec, c.stream[:n])
			}
			seen = n
		}
	}
}

func TestMarksAndSizeOf(t *testing.T) {
	assert.False(t, framing.Marks(nil))
	assert.False(t, framing.Marks(framing.Raw{}))
	for _, codec := range []framing.Codec{framing.Lines{}, framing.Fixed(5), framing.LengthPrefix{}, framing.WebSocket{}} {
		assert.True(t, framing.Marks(codec))
	}
	size, ok := framing.SizeOf(framing.Fixed(5))
	assert.True(t, ok)
	assert.Equal(t, 5, size)
	_, ok = framing.SizeOf(framing.Lines{})
	assert.False(t, ok)
}
