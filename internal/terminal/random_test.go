package terminal_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
	"echolab/internal/text"
)

func TestEveryMapHasATamePicture(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 15))
	for range 500 {
		m := randomMap(rng)
		picture := maptest.Drawn(t, m)
		require.Contains(t, picture, text.Bytes(m.Size()-m.Start))
		for _, r := range m.Rows {
			require.Contains(t, picture, "\n"+text.Number(int64(r.Count))+" ", picture)
		}
		rulerRises(t, picture)
	}
}

// randomMap is a map of up to 2⁶⁰ bytes that has any of the rows. Its spans may be empty, may not reach the end of the
// stream, and may have gaps between them. It may begin anywhere.
func randomMap(rng *rand.Rand) *streammap.Map {
	var m streammap.Map
	m.Title = "client → server"
	size := 1 + rng.Int64N(1<<rng.IntN(61))
	m.Keep(0, []byte(maptest.RandomBytes(rng, int(min(size, 1<<rng.IntN(13))))))
	m.Row(streammap.Layer(rng.IntN(5))).Add(event.Span{N: int(1 + rng.Int64N(size))})
	for l := streammap.Sent; l <= streammap.Received; l++ {
		if rng.IntN(4) > 0 {
			fill(rng, m.Row(l), size)
		}
	}
	if rng.IntN(3) == 0 {
		m.AddFrame(event.Span{Off: m.Row(streammap.Frames).End, N: 60}, event.FrameHeader{Opcode: byte(rng.IntN(16)), Payload: 50},
			[]byte(maptest.RandomBytes(rng, rng.IntN(50))))
	}
	if rng.IntN(3) == 0 {
		m.Begin(rng.Int64N(m.Size()))
	}
	return &m
}

func fill(rng *rand.Rand, r *streammap.Row, size int64) {
	spans := 1 + rng.Int64N(1<<rng.IntN(12))
	if rng.IntN(500) == 0 {
		spans = 300_000 // more than are kept
	}
	widest := max(1, 2*size/spans)
	gaps := rng.IntN(4) == 0
	for range spans {
		off := r.End
		if gaps {
			off += rng.Int64N(widest)
		}
		n := min(rng.Int64N(widest+1), size-off)
		if n < 0 || rng.IntN(2*int(spans)) == 0 {
			return // ends early
		}
		r.Add(event.Span{Off: off, N: int(n)})
	}
}

// rulerRises asserts that the numbers on each ruler stand apart and rise.
func rulerRises(t *testing.T, picture string) {
	t.Helper()
	for line := range strings.Lines(picture) {
		ticks, is := strings.CutPrefix(line, "offset ")
		if !is {
			continue
		}
		last := -1.0
		for _, tick := range strings.Fields(ticks) {
			n := tickValue(t, tick)
			require.Greater(t, n, last, line)
			last = n
		}
		require.GreaterOrEqual(t, last, 0.0, "an empty ruler")
	}
}

func tickValue(t *testing.T, tick string) float64 {
	t.Helper()
	unit := 1.0
	if i := strings.IndexByte("KMGTPE", tick[len(tick)-1]); i >= 0 {
		tick = tick[:len(tick)-1]
		for range i + 1 {
			unit *= 1024
		}
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(tick, ",", ""), 64)
	require.NoError(t, err)
	return n * unit
}
