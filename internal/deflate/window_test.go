package deflate

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
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

// TestThePoolsHoldNobodysWindow: a compressor that is free must not keep what its last message could refer to.
func TestThePoolsHoldNobodysWindow(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // one collection, over which the pools keep what is in them
	w := NewWriter(8, true)
	for range 2 { // the first fills the window, and the second may refer to it
		_, err := w.Append(nil, make([]byte, 1<<8))
		require.NoError(t, err)
	}
	window := weak.Make(&w.window.data[0])
	runtime.GC()
	assert.Nil(t, window.Value())
}
