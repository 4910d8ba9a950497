package framing_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
)

func TestFragmentsMakeOneMessage(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		for name, stream := range map[string][]byte{
			"two":                          frames(c, textFirst, "Hel", last, "lo"),
			"one for each byte":            frames(c, textFirst, "H", more, "e", more, "l", more, "l", last, "o"),
			"empty ones between":           frames(c, textFirst, "", more, "Hel", more, "", more, "lo", last, ""),
			"control frames between":       frames(c, textFirst, "Hel", ping, "?", pong, "", more, "l", ping, "", last, "o"),
			"control frames in front":      frames(c, pong, "", ping, "x", textFirst, "Hel", last, "lo"),
			"a binary message is the same": frames(c, binFirst, "Hel", last, "lo"),
		} {
			stream = append(stream, frameFor(c, text, "next")...)
			for _, r := range []*bufio.Reader{
				reader(stream),
				newSmallReader(string(stream)),
				bufio.NewReader(iotest.OneByteReader(bytes.NewReader(stream))),
			} {
				msg, err := c.Read(r, 5)
				require.NoError(t, err, name)
				assert.Equal(t, "Hello", string(msg), name)
				msg, err = c.Read(r, 5)
				require.NoError(t, err, name)
				assert.Equal(t, "next", string(msg), name)
			}
		}
	})
}

// TestACharacterMayBeCutByFragments: section 5.6 wants only the whole message to be UTF-8.
func TestACharacterMayBeCutByFragments(t *testing.T) {
	const word = "경계" // two characters of three bytes
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		for cut := range len(word) + 1 {
			msg, err := c.Read(reader(frames(c, textFirst, word[:cut], last, word[cut:])), 6)
			require.NoError(t, err, "cut after byte %d", cut)
			assert.Equal(t, word, string(msg))
		}
	})
}

// TestFragmentsComeInOrder: section 5.4.
func TestFragmentsComeInOrder(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		assertBreaks(t, c, frames(c, last, "nothing to continue"), 1002)
		assertBreaks(t, c, frames(c, more, "nothing to continue"), 1002)
		assertBreaks(t, c, frames(c, textFirst, "a", text, "a message inside another"), 1002)
		assertBreaks(t, c, frames(c, textFirst, "a", textFirst, "a"), 1002)
		assertBreaks(t, c, frames(c, binFirst, "a", more, "b", bin, "c"), 1002)

		r := reader(frames(c, text, "whole", last, "nothing to continue"))
		_, err := c.Read(r, 100)
		require.NoError(t, err)
		_, err = c.Read(r, 100)
		assert.ErrorAs(t, err, new(*framing.ProtocolError))
	})
}

// TestTheLimitIsForTheSumOfFragments: a limit for each frame would let a message grow for ever.
func TestTheLimitIsForTheSumOfFragments(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		stream := frames(c, binFirst, "12345", more, "67890", ping, "a ping does not count", last, "x")
		msg, err := c.Read(reader(stream), 11)
		require.NoError(t, err)
		assert.Equal(t, "1234567890x", string(msg))

		for limit, length := range map[int]uint64{10: 11, 9: 10, 5: 10, 4: 5, 0: 5} {
			msg, err := c.Read(reader(stream), limit)
			assert.Nil(t, msg)
			var size *framing.SizeError
			require.ErrorAs(t, err, &size)
			assert.Equal(t, framing.SizeError{Length: length, Max: limit}, *size, "the fragments so far")
		}
	})
}

// TestTheSumOfFragmentsDoesNotOverflow has a second fragment that claims all the bytes there can be.
func TestTheSumOfFragmentsDoesNotOverflow(t *testing.T) {
	huge := binary.BigEndian.AppendUint64([]byte{last, 127}, math.MaxInt64)
	for _, limit := range []int{0, 5, 1 << 20, math.MaxInt - 1} {
		stream := append(frames(client, binFirst, "12345"), huge...)
		msg, err := client.Read(reader(stream), limit)
		assert.Nil(t, msg)
		assert.ErrorIs(t, err, framing.ErrTooLarge)
		if limit >= 5 {
			var size *framing.SizeError
			require.ErrorAs(t, err, &size)
			assert.Equal(t, uint64(math.MaxInt64)+5, size.Length)
		}
	}
	// Even where any length is allowed, the second one must not make the sum a small or negative number.
	msg, err := client.Read(reader(append(frames(client, binFirst, "12345"), huge...)), math.MaxInt)
	assert.Nil(t, msg)
	assert.ErrorIs(t, err, framing.ErrTooLarge)
}

// TestTheEndInsideFragments ends the stream at every byte of a fragmented message with a ping in it.
func TestTheEndInsideFragments(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		stream := frames(c, textFirst, "Hel", ping, "are you there?", more, "", last, "lo")
		for cut := range stream {
			for _, r := range []*bufio.Reader{
				reader(stream[:cut]),
				newSmallReader(string(stream[:cut])),
				bufio.NewReader(iotest.DataErrReader(bytes.NewReader(stream[:cut]))),
			} {
				msg, err := c.Read(r, 100)
				assert.Nil(t, msg)
				want := io.ErrUnexpectedEOF
				if cut == 0 {
					want = io.EOF
				}
				assert.Equal(t, want, err, "after byte %d of %d", cut, len(stream))
			}
		}
	})
}

// TestTheEndAfterAPing: a control frame alone is no message, so the stream ends between two.
func TestTheEndAfterAPing(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		stream := frames(c, ping, "are you there?", pong, "")
		_, err := c.Read(reader(stream), 100)
		assert.Equal(t, io.EOF, err)
		_, err = c.Read(reader(stream[:len(stream)-1]), 100)
		assert.Equal(t, io.ErrUnexpectedEOF, err)
	})
}

func TestABrokenConnectionInsideFragments(t *testing.T) {
	broken := errors.New("connection reset")
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		stream := frames(c, textFirst, "Hel", ping, "?", last, "lo")
		for cut := range stream {
			msg, err := c.Read(newBrokenReader(stream[:cut], broken), 100)
			assert.Nil(t, msg)
			assert.ErrorIs(t, err, broken, "after byte %d", cut)
		}
	})
}
