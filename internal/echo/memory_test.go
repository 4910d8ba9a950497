package echo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/echo"
)

// peak returns a Progress that looks after each step bytes how much memory is in use, and the most that it was.
func peak(step int64) (progress func(int64), most func() int64) {
	before, next, high := heap(), step, int64(0)
	return func(received int64) {
			if received < next {
				return
			}
			next += step
			high = max(high, heap())
		}, func() int64 {
			return high - before
		}
}

func TestMemoryDoesNotGrowWithTheInput(t *testing.T) {
	const size = 64 << 10
	count := 1024 // 64 MiB
	if underRace {
		count /= 4
	}
	msg := strings.Repeat("m", size)
	for name, client := range map[string]echo.Client{
		"raw": {}, "length": {Codec: framing.LengthPrefix{}}, "in chunks": {Codec: framing.LengthPrefix{}, Chunk: 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &echo.Server{Codec: client.Codec}, nil)
			progress, most := peak(8 << 20)
			client.Progress = progress
			r, err := client.Run(bounded(t), s.addr, repeat(count, msg))
			require.NoError(t, err)
			assert.GreaterOrEqual(t, r.BytesReceived, int64(size)*int64(count))
			assert.Less(t, most(), int64(32<<20))
		})
	}
}

func TestMemoryDoesNotGrowWithEmptyMessages(t *testing.T) {
	const count = 60_000
	s := serve(t, &echo.Server{Codec: framing.Lines{}}, nil)
	for name, client := range map[string]echo.Client{"in chunks": {Chunk: 4096}, "glued": {Glue: true}} {
		t.Run(name, func(t *testing.T) {
			client.Codec = framing.Lines{}
			progress, most := peak(16 << 10)
			client.Progress = progress
			r, err := client.Run(bounded(t), s.addr, repeat(count, ""))
			require.NoError(t, err)
			assert.Equal(t, count, r.MessagesReceived)
			assert.Less(t, most(), int64(20<<20))
		})
	}
}

func TestTinyMessagesInLargeChunksDoNotWaitForEachOther(t *testing.T) {
	if underRace {
		t.Skip("many messages, which the race detector slows down: without it this is tested")
	}
	// More messages than the client lets be owed at once, if it counted more for each than its bytes on the wire.
	const chunk = 640 << 10 // of 4 MiB and the chunk, if it counted 8 bytes for each
	s := serve(t, &echo.Server{Codec: framing.Lines{}}, nil)
	r, err := echo.Client{Codec: framing.Lines{}, Chunk: chunk, MaxMessage: 1, Timeout: watchdog / 10}.
		Run(bounded(t), s.addr, repeat(chunk, ""))
	require.NoError(t, err)
	assert.Equal(t, 1, r.Writes)
	assert.Equal(t, chunk, r.MessagesReceived)
}

func TestGlueHasALimit(t *testing.T) {
	s := serve(t, new(echo.Server), nil)
	msg := strings.Repeat("m", 1<<20)
	r, err := echo.Client{Glue: true}.Run(bounded(t), s.addr, repeat(echo.GlueLimit/len(msg)+1, msg))
	assert.ErrorContains(t, err, fmt.Sprintf("more than %d MiB cannot go in one write", echo.GlueLimit>>20))
	assert.Zero(t, r.Writes)
}
