package deflate_test

import (
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/deflate"
	"echolab/internal/labtest"
)

// allocated is how many bytes f allocates. The tests that ask are not parallel, so that nobody else does meanwhile;
// and of a few tries the least counts.
func allocated(f func()) uint64 {
	least := ^uint64(0)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// TestIdleConnectionsHoldTheirWindows has the two directions of many connections, all of which have carried a message:
// an empty one, one that fills the small windows, and one that fills any.
func TestIdleConnectionsHoldTheirWindows(t *testing.T) {
	const connections = 100
	random := rand.New(rand.NewPCG(7, 8))
	forEachWindow(t, func(t *testing.T, bits int, takeover bool) {
		for _, size := range []int{0, 700, 1<<bits + 1} {
			msg := text(random, size)
			held := make([]any, 0, 2*connections)
			assertCarries(t, deflate.NewWriter(bits, takeover), deflate.NewReader(bits, takeover), msg) // fills tables
			before := labtest.Heap()
			for range connections {
				w, r := deflate.NewWriter(bits, takeover), deflate.NewReader(bits, takeover)
				assertCarries(t, w, r, msg)
				held = append(held, w, r)
			}
			each := float64(labtest.Heap()-before) / connections
			most := 0
			if takeover {
				most = min(1<<bits, 2*size)
			}
			assert.LessOrEqual(t, each, float64(2*(most+128)), "bytes for both directions, after one of %d", size)
			runtime.KeepAlive(held)
		}
	})
}

// TestThePoolsHoldNobodysBytes: they keep what is in them over one collection, which must find the rest free.
func TestThePoolsHoldNobodysBytes(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // no other collection
	w, r := deflate.NewWriter(15, true), deflate.NewReader(15, true)
	var msgs, payloads, results []weak.Pointer[byte]
	for _, size := range []int{100, 100_000} {
		msg := text(rand.New(rand.NewPCG(9, 9)), size)
		payload, err := w.Append(nil, msg)
		require.NoError(t, err)
		got, err := r.Append(nil, payload, size)
		require.NoError(t, err)
		msgs = append(msgs, weak.Make(&msg[0]))
		payloads = append(payloads, weak.Make(&payload[0]))
		results = append(results, weak.Make(&got[0]))
	}
	runtime.GC()
	for i := range msgs {
		assert.Nil(t, msgs[i].Value(), "message %d", i)
		assert.Nil(t, payloads[i].Value(), "payload %d", i)
		assert.Nil(t, results[i].Value(), "inflated message %d", i)
	}
	runtime.KeepAlive(w)
	runtime.KeepAlive(r)
}

// TestAMessageAllocatesNothing, but for a dictionary that the library copies for a short message with a past.
func TestAMessageAllocatesNothing(t *testing.T) {
	if labtest.UnderRace {
		t.Skip("the race detector allocates")
	}
	random := rand.New(rand.NewPCG(9, 10))
	for _, size := range []int{0, 5, 100, 200, 4096, 100_000} {
		for _, takeover := range []bool{true, false} {
			msg := text(random, size)
			w, r := deflate.NewWriter(15, takeover), deflate.NewReader(15, takeover)
			var payload, got []byte
			var err error
			exchange := func() {
				payload, _ = w.Append(payload[:0], msg)
				got, err = r.Append(got[:0], payload, size)
			}
			for range 40_000/(size+1) + 2 { // fill the windows
				exchange()
			}
			most := 0.0
			if takeover && size > 0 && size < 128 {
				most = 1
			}
			assert.LessOrEqual(t, testing.AllocsPerRun(100, exchange), most, "%d bytes, takeover %v", size, takeover)
			require.NoError(t, err)
			assert.Len(t, got, size)
		}
	}
}
