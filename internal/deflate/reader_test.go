package deflate_test

import (
	"bytes"
	stdflate "compress/flate"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/deflate"
)

func assertCorrupt(t *testing.T, err error, text string, args ...any) {
	t.Helper()
	var broken *framing.ProtocolError
	require.ErrorAs(t, err, &broken, append([]any{text}, args...)...)
	assert.Equal(t, 1007, broken.Code)
}

// squeeze compresses with the standard library, as hard as it can. A final payload ends with a final block.
func squeeze(t testing.TB, msg []byte, final bool) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := stdflate.NewWriter(&b, stdflate.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(msg)
	require.NoError(t, err)
	if final {
		require.NoError(t, w.Close())
		return b.Bytes()
	}
	require.NoError(t, w.Flush())
	return bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff})
}

func TestAMessageOfTheLargestSizeIsNotTooLarge(t *testing.T) {
	for _, msg := range samples() {
		payload := squeeze(t, msg, false)
		got, err := deflate.NewReader(15, false).Append(nil, payload, len(msg))
		require.NoError(t, err)
		require.True(t, bytes.Equal(msg, got))
		if len(msg) == 0 {
			continue
		}
		dst := []byte("as it was")
		got, err = deflate.NewReader(15, false).Append(dst, payload, len(msg)-1)
		assert.Equal(t, dst, got)
		var size *framing.SizeError
		require.ErrorAs(t, err, &size)
		assert.Equal(t, framing.SizeError{Length: uint64(len(msg)), AtLeast: true, Max: len(msg) - 1}, *size)
	}
}

func TestANegativeLimitAllowsTheEmptyMessage(t *testing.T) {
	got, err := deflate.NewReader(15, true).Append(nil, []byte{0}, -1)
	require.NoError(t, err)
	assert.Empty(t, got)
	_, err = deflate.NewReader(15, true).Append(nil, unhex(t, "f2 48 cd c9 c9 07 00"), -1)
	assert.ErrorIs(t, err, framing.ErrTooLarge)
}

// TestABombCostsItsLimit: 35 KB that would be 32 MiB.
func TestABombCostsItsLimit(t *testing.T) {
	bomb := squeeze(t, make([]byte, 32<<20), false)
	require.Less(t, len(bomb), 35_000)
	r := deflate.NewReader(15, true)
	took := allocated(func() {
		_, err := r.Append(nil, bomb, 1<<20)
		assert.ErrorIs(t, err, framing.ErrTooLarge)
	})
	assert.Less(t, took, uint64(4<<20))
}

// TestManyFinalBlocksAreRefused: each costs two bytes, and as much as some KiB of others.
func TestManyFinalBlocksAreRefused(t *testing.T) {
	r := deflate.NewReader(15, true)
	_, err := r.Append(nil, squeeze(t, make([]byte, 100_000), false), 1<<20)
	require.NoError(t, err)
	_, err = r.Append(nil, bytes.Repeat([]byte{3, 0}, 500_000), 1<<20)
	assertCorrupt(t, err, "half a million final blocks")
}

// TestBlocksFollowAFinalOne has messages whose parts were each compressed with a final block at the end, which refer to
// the parts before them.
func TestBlocksFollowAFinalOne(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, last := range []string{"00", ""} {
		r := deflate.NewReader(15, true)
		var past []byte
		for range 20 {
			var payload, msg []byte
			for range 1 + random.IntN(5) {
				part := text(random, random.IntN(20_000))
				var b bytes.Buffer
				w, err := stdflate.NewWriterDict(&b, 5, lastOf(append(bytes.Clone(past), msg...), 32<<10))
				require.NoError(t, err)
				_, err = w.Write(part)
				require.NoError(t, err)
				require.NoError(t, w.Close())
				payload = append(payload, b.Bytes()...)
				msg = append(msg, part...)
			}
			got, err := r.Append(nil, append(payload, unhex(t, last)...), 1<<20)
			require.NoError(t, err)
			require.True(t, bytes.Equal(msg, got))
			past = append(past, msg...)
		}
	}
}

// TestAReferenceNeedsWhatItRefersTo has the second message of RFC 7692, 7.2.3.2 for readers that lack the first.
func TestAReferenceNeedsWhatItRefersTo(t *testing.T) {
	first, second := unhex(t, "f2 48 cd c9 c9 07 00"), unhex(t, "f2 00 11 00 00")
	for _, bits := range []int{8, 15} {
		_, err := deflate.NewReader(bits, true).Append(nil, second, 100)
		assertCorrupt(t, err, "it is the first message")

		alone := deflate.NewReader(bits, false)
		_, err = alone.Append(nil, first, 100)
		require.NoError(t, err)
		_, err = alone.Append(nil, second, 100)
		assertCorrupt(t, err, "without context takeover")
	}
	// "Hello" is 5 bytes back, then 255 + 5: in a window of 2^8 bytes it cannot be found any more.
	for bits, found := range map[int]bool{8: false, 9: true} {
		r := deflate.NewReader(bits, true)
		for _, msg := range [][]byte{[]byte("Hello"), bytes.Repeat([]byte{'x'}, 255)} {
			_, err := r.Append(nil, squeeze(t, msg, false), 1000)
			require.NoError(t, err)
		}
		// A fixed block: "Hello" as a reference of length 5 and distance 260.
		got, err := r.Append(nil, farHello(), 100)
		if found {
			require.NoError(t, err)
			assert.Equal(t, "Hello", string(got))
		} else {
			assertCorrupt(t, err, "the window has forgotten it")
		}
	}
}

// farHello is a reference of 5 bytes that are 260 back: the length's code 259, which has 7 bits (0000011), and the
// distance's code 16 (10000) with the 7 extra bits of 260-257.
func farHello() []byte {
	var bits []byte
	for _, part := range []string{"010", "0000011", "10000", "1100000", "0000000", "000"} {
		bits = append(bits, part...)
	}
	packed := make([]byte, (len(bits)+7)/8)
	for i, bit := range bits {
		packed[i/8] |= (bit - '0') << (i % 8)
	}
	return packed
}

func TestCorruptData(t *testing.T) {
	for name, payload := range map[string]string{
		"nothing at all":                     "",
		"the reserved block type":            "06 00",
		"a stored length without complement": "00 05 00 05 00 48 65 6c 6c 6f 00",
		"a stored block that is cut":         "00 05 00 fa ff 48 65 6c",
		"the tail was left in":               "f2 48 cd c9 c9 07 00 00 00 ff ff",
		"bytes after the last block":         "f2 48 cd c9 c9 07 00 11 22",
		"a code with too many codes":         "04 ff ff ff ff ff",
		"text":                               "48 65 6c 6c 6f",
	} {
		t.Run(name, func(t *testing.T) {
			dst := []byte("as it was")
			got, err := deflate.NewReader(15, true).Append(dst, unhex(t, payload), 1000)
			assertCorrupt(t, err, name)
			assert.Equal(t, dst, got)
		})
	}
}

// TestEveryFlippedBitIsAnotherMessageOrAnError: no panic, no endless loop, and never more than was allowed.
func TestEveryFlippedBitIsAnotherMessageOrAnError(t *testing.T) {
	msg := text(rand.New(rand.NewPCG(5, 6)), 300)
	payload := squeeze(t, msg, false)
	for bit := range 8 * len(payload) {
		flipped := bytes.Clone(payload)
		flipped[bit/8] ^= 1 << (bit % 8)
		assertLikeTwin(t, flipped, nil, 400)
	}
}

// assertLikeTwin reads a payload with a fresh Reader and with the twin.
func assertLikeTwin(t *testing.T, payload, past []byte, limit int) {
	t.Helper()
	r := deflate.NewReader(15, true)
	if len(past) > 0 {
		_, err := r.Append(nil, squeeze(t, past, false), len(past))
		require.NoError(t, err)
	}
	got, err := r.Append(nil, payload, limit)
	want, _, wantErr := naiveInflate(payload, lastOf(past, 32<<10), limit)
	if wantErr == nil {
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
		return
	}
	require.Error(t, err)
	require.Nil(t, got)
	if errors.Is(err, framing.ErrTooLarge) {
		if wantErr == errCorrupt { // the library finds some of what is wrong later, where the limit may come first
			_, err = deflate.NewReader(15, true).Append(nil, payload, 1<<20)
			require.Error(t, err)
		}
		return
	}
	// The library looks some bits ahead: where both are true it may see the end of the data before the limit.
	assertCorrupt(t, err, "%v", wantErr)
}

func TestAReaderHoldsNoMoreThanItsWindow(t *testing.T) {
	for takeover, want := range map[bool]int{true: 1 << 9, false: 0} {
		r := deflate.NewReader(9, takeover)
		assert.Zero(t, r.Held(), "nothing came")
		_, err := r.Append(nil, []byte{0x01, 0x58, 0x02, 0xa7, 0xfd, 599: 'x', 604: 'x'}, 600) // 600 bytes, stored
		require.NoError(t, err)
		assert.Equal(t, want, r.Held())
	}
}
