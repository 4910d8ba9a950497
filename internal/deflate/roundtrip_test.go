package deflate_test

import (
	"bytes"
	stdflate "compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	kpflate "github.com/klauspost/compress/flate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/deflate"
)

// forEachWindow runs a test for every window, with and without context takeover.
func forEachWindow(t *testing.T, run func(t *testing.T, bits int, takeover bool)) {
	for bits := 8; bits <= 15; bits++ {
		for _, takeover := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d bits, takeover %v", bits, takeover), func(t *testing.T) { run(t, bits, takeover) })
		}
	}
}

// TestWhatIsWrittenCanBeRead by the Reader, by the standard library and by the library that wrote it. These two get
// what a peer may keep, which is the agreed window and no byte more: no reference is over it, inside the message either.
// What cannot be compressed is stored, in blocks of 65,535 bytes at most.
func TestWhatIsWrittenCanBeRead(t *testing.T) {
	forEachWindow(t, func(t *testing.T, bits int, takeover bool) {
		w, r := deflate.NewWriter(bits, takeover), deflate.NewReader(bits, takeover)
		var past []byte
		farthest := 0
		for _, msg := range samples() {
			before := bytes.Clone(msg)
			payload, err := w.Append([]byte("head"), msg)
			require.NoError(t, err)
			require.Equal(t, before, msg, "the message must not be changed")
			require.Equal(t, "head", string(payload[:4]))
			payload = payload[4:]
			assert.LessOrEqual(t, len(payload), len(msg)+1+5*((len(msg)+65534)/65535), "%d bytes", len(msg))

			got, err := r.Append([]byte("head"), payload, len(msg))
			require.NoError(t, err)
			require.True(t, bytes.Equal(append([]byte("head"), msg...), got), "%d bytes", len(msg))

			got, far, err := naiveInflate(payload, past, len(msg))
			require.NoError(t, err)
			require.True(t, bytes.Equal(msg, got))
			require.LessOrEqual(t, far, 1<<bits)
			farthest = max(farthest, far)

			whole := append(bytes.Clone(payload), 0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff)
			for _, peer := range []io.Reader{
				stdflate.NewReaderDict(bytes.NewReader(whole), past),
				kpflate.NewReaderDict(bytes.NewReader(whole), past),
			} {
				got, err := io.ReadAll(peer)
				require.NoError(t, err)
				require.True(t, bytes.Equal(msg, got), "%d bytes by %T", len(msg), peer)
			}
			if takeover {
				past = lastOf(append(past, msg...), 1<<bits)
			}
		}
		assert.Greater(t, farthest, 1<<bits/2, "the window is used")
	})
}

func lastOf(b []byte, n int) []byte { return b[len(b)-min(len(b), n):] }

func TestTakeoverMakesTheSecondMessageShort(t *testing.T) {
	for _, size := range []int{40, 127, 128, 1000, 20_000} {
		msg := random(rand.New(rand.NewPCG(15, 16)), size)
		for _, takeover := range []bool{true, false} {
			w := deflate.NewWriter(15, takeover)
			first, err := w.Append(nil, msg)
			require.NoError(t, err)
			second, err := w.Append(nil, msg)
			require.NoError(t, err)
			if takeover {
				assert.Less(t, len(second), len(msg)/2)
				_, err = deflate.NewReader(15, true).Append(nil, second, 1<<20)
				assertCorrupt(t, err, "alone it refers to what is not there")
			} else {
				assert.Equal(t, first, second)
			}
		}
	}
}
