package client_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/client"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

// peak returns a Progress that looks after each step bytes how much memory is in use, and the most that it was.
func peak(step int64) (progress func(int64), most func() int64) {
	before, next, high := labtest.Heap(), step, int64(0)
	return func(received int64) {
			if received < next {
				return
			}
			next += step
			high = max(high, labtest.Heap())
		}, func() int64 {
			return high - before
		}
}

func TestMemoryDoesNotGrowWithTheInput(t *testing.T) {
	count := 640 // 40 MiB
	if labtest.UnderRace {
		count = 200 // the race detector slows it down, and has memory of its own
	}
	for name, cl := range map[string]client.Client{
		"raw": {}, "length": {Codec: framing.LengthPrefix{}}, "in chunks": {Codec: framing.LengthPrefix{}, Chunk: 100_000},
		"frames": {Frames: new(client.Frames)}, "frames, in chunks": {Frames: new(client.Frames), Chunk: 100_000},
		"in fragments, with pings": {Frames: &client.Frames{Fragment: 10_000, Ping: true}},
		"compressed":               {Frames: &client.Frames{Deflate: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &server.Server{Codec: cl.Codec, Web: &server.Web{Deflate: true}})
			progress, most := peak(8 << 20)
			cl.Progress, cl.Timeout = progress, labtest.Watchdog
			r, err := cl.Run(labtest.Bounded(t), s.addr, repeat(count, flood))
			require.NoError(t, err)
			if cl.Codec != nil || cl.Frames != nil {
				assert.Equal(t, count, r.MessagesReceived)
			}
			if cl.Frames == nil || !cl.Frames.Deflate {
				assert.GreaterOrEqual(t, r.BytesReceived, int64(count*len(flood)))
			}
			if !labtest.UnderRace {
				assert.Less(t, most(), int64(32<<20))
			}
		})
	}
}

func TestMemoryDoesNotGrowWithEmptyMessages(t *testing.T) {
	const count = 60_000
	for name, cl := range map[string]client.Client{
		"in chunks": {Codec: framing.Lines{}, Chunk: 4096}, "glued": {Codec: framing.Lines{}, Glue: true},
		"frames, with pings": {Frames: &client.Frames{Ping: true}, Chunk: 4096},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &server.Server{Codec: cl.Codec, Web: new(server.Web)})
			progress, most := peak(16 << 10)
			cl.Progress = progress
			r, err := cl.Run(labtest.Bounded(t), s.addr, repeat(count, ""))
			require.NoError(t, err)
			assert.Equal(t, count, r.MessagesReceived)
			if cl.Frames != nil {
				assert.Equal(t, count-1, r.Pongs)
			}
			assert.Less(t, most(), int64(20<<20))
		})
	}
}

func TestGlueHasALimit(t *testing.T) {
	s := webEcho(t, new(server.Web))
	msg := strings.Repeat("m", 1<<20)
	for _, frames := range []*client.Frames{nil, {}} {
		r, err := client.Client{Glue: true, Frames: frames}.Run(labtest.Bounded(t), s.addr, repeat(client.GlueLimit/len(msg)+1, msg))
		assert.ErrorContains(t, err, "more than 16 MiB cannot go in one write")
		assert.Equal(t, client.HintGlue, hint(err))
		if frames == nil {
			assert.Zero(t, r.Writes)
		} else {
			assert.Equal(t, 1, r.FramesSent, "what does not go in one write does not go at all")
			assert.Equal(t, 1001, r.CloseSent)
		}
	}
}

func TestTinyMessagesInLargeChunksDoNotWaitForEachOther(t *testing.T) {
	if labtest.UnderRace {
		t.Skip("many messages, which the race detector slows down: without it this is tested")
	}
	// More messages than the client lets be unechoed at once, if it counted more for each than its bytes on the wire.
	const chunk = 640 << 10 // of 4 MiB and the chunk, if it counted 8 bytes for each
	s := serve(t, &server.Server{Codec: framing.Lines{}})
	r, err := client.Client{Codec: framing.Lines{}, Chunk: chunk, MaxMessage: 1, Timeout: labtest.Watchdog / 10}.
		Run(labtest.Bounded(t), s.addr, repeat(chunk, ""))
	require.NoError(t, err)
	assert.Equal(t, 1, r.Writes)
	assert.Equal(t, chunk, r.MessagesReceived)
}
