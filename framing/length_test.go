package framing_test

import (
	"bufio"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/framing/framingtest"
)

// prefixes are all that a length can be, by their names.
var prefixes = map[string]framing.LengthPrefix{
	"length": {}, "length=u8": {Width: 1}, "length=u16": {Width: 2}, "length=u64": {Width: 8}, "length=u16le": {Width: 2, Little: true},
	"length=u32le": {Width: 4, Little: true}, "length=u64le": {Width: 8, Little: true}, "length=varint": {Varint: true},
}

func TestEveryLengthKeepsTheContract(t *testing.T) {
	for name, codec := range prefixes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, framingtest.TestCodec(codec))
		})
	}
}

func TestALengthHasAName(t *testing.T) {
	for name, codec := range prefixes {
		assert.Equal(t, name, fmt.Sprint(codec))
		parsed, err := framing.Parse(name)
		require.NoError(t, err)
		assert.Equal(t, codec, parsed)
	}
	four, err := framing.Parse("length=u32")
	require.NoError(t, err)
	assert.Equal(t, framing.LengthPrefix{}, four, "it is the one without a word on it")
	for _, name := range []string{"length=", "length=u24", "length=le", "length=u8le", "length=U16", "length=varintle"} {
		_, err := framing.Parse(name)
		assert.ErrorContains(t, err, "u8, u16, u32 or u64", name)
	}
}

func TestWhereTheBytesOfALengthAre(t *testing.T) {
	for name, wire := range map[string]string{
		"length": "0000012c", "length=u16": "012c", "length=u16le": "2c01", "length=u32le": "2c010000",
		"length=u64": "000000000000012c", "length=u64le": "2c01000000000000", "length=varint": "ac02",
	} {
		msg := make([]byte, 300)
		framed, err := prefixes[name].Append(nil, msg)
		require.NoError(t, err)
		assert.Equal(t, wire, fmt.Sprintf("%x", framed[:len(framed)-len(msg)]), name)
	}
	framed, err := framing.LengthPrefix{Width: 1}.Append(nil, []byte("hello"))
	require.NoError(t, err)
	assert.Equal(t, "\x05hello", string(framed))
}

func TestAMessageMustFitItsLength(t *testing.T) {
	for width, most := range map[int]int{1: math.MaxUint8, 2: math.MaxUint16} {
		c := framing.LengthPrefix{Width: width}
		_, err := c.Append(nil, make([]byte, most))
		assert.NoError(t, err)
		_, err = c.Append(nil, make([]byte, most+1))
		assert.ErrorIs(t, err, framing.ErrUnframable)
	}
	for _, width := range []int{-1, 3, 5, 16} {
		c := framing.LengthPrefix{Width: width}
		_, err := c.Append(nil, nil)
		assert.ErrorContains(t, err, "1, 2, 4 or 8 bytes", width)
		_, err = c.Read(bufio.NewReader(strings.NewReader(strings.Repeat("x", 100))), 1<<20)
		assert.ErrorContains(t, err, "1, 2, 4 or 8 bytes", width)
	}
}

func TestAVarintIsAsShortAsItCanBe(t *testing.T) {
	c := framing.LengthPrefix{Varint: true}
	for _, wire := range []string{"8000", "ff00", "808000", "ffffffffffffffffff02", "ffffffffffffffffffff01", "80808080808080808080"} {
		_, err := c.Read(reader(draw(t, wire)), 1<<20)
		assert.ErrorContains(t, err, "longer than it need be, or has more than 64 bits", wire)
		assert.NotErrorIs(t, err, framing.ErrTooLarge)
	}
	_, err := c.Read(reader(draw(t, "ffffffffffffffffff01")), math.MaxInt)
	assert.ErrorIs(t, err, framing.ErrTooLarge, "2^64 - 1 bytes")
}
