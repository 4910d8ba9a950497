package deflate

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAWindowKeepsTheLastBytes has a window beside a slice that keeps all.
func TestAWindowKeepsTheLastBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	for range 200 {
		_, w := newWindow(8, true)
		var all []byte
		for range 20 {
			part := make([]byte, random.IntN(1+random.IntN(600)))
			for i := range part {
				part[i] = byte(random.Uint32())
			}
			w.keep(part)
			all = append(all, part...)
			require.True(t, bytes.Equal(all[len(all)-min(len(all), 256):], w.data))
			require.LessOrEqual(t, cap(w.data), min(256, 2*len(all)))
		}
	}
}
