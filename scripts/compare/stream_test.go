package main

import (
	"slices"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMessagesAreMaskedFramesAndComeBackUnmasked(t *testing.T) {
	const window = 7
	out, back := streams(load{1, 200, window}, 3, true)
	require.Equal(t, out.size, back.size+len(ws.Header{}.Mask))
	for first := range 2 * distinct {
		b := out.piece(first*out.size, window*out.size)
		for i := range window {
			header, payload := b[:8], slices.Clone(b[8:out.size])
			assert.Equal(t, []byte{0x82, 0x80 | 126, 0, 200}, header[:4])
			ws.Cipher(payload, [4]byte(header[4:]), 0)
			echo := back.piece((first+i)*back.size, back.size)
			assert.Equal(t, []byte{0x82, 126, 0, 200}, echo[:4])
			require.Equal(t, payload, echo[4:])
			b = b[out.size:]
		}
	}
	for offset := range 2 * distinct * back.size {
		whole := slices.Repeat(back.bytes[:distinct*back.size], 10)
		require.Equal(t, whole[offset:offset+minRead], back.piece(offset, minRead))
	}
}

func TestEveryConnectionSendsSomethingElse(t *testing.T) {
	seen := map[string]bool{}
	for number := range 70 {
		out, back := streams(load{1, 64, 1}, number, false)
		assert.Equal(t, out.bytes[:64*distinct], back.bytes[:64*distinct])
		for i := range distinct {
			payload := out.piece(64*i, 64)
			assert.False(t, seen[string(payload)])
			seen[string(payload)] = true
			assert.GreaterOrEqual(t, payload[0], byte(0x80), "no request begins so")
		}
	}
}

func TestAReadTakesAWholeWindow(t *testing.T) {
	for l, most := range map[load]int{{1, 64, 1}: minRead, {1, 64, 64}: 64 * 70, {1, maxRead, 1}: maxRead} {
		_, back := streams(l, 0, true)
		assert.Equal(t, most, back.most)
	}
}
