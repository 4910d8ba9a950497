package client_test

import (
	"fmt"
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
	const size = 64 << 10
	count := 1024 // 64 MiB
	if labtest.UnderRace {
		count /= 4
	}
	msg := strings.Repeat("m", size)
	for name, cl := range map[string]client.Client{
		"raw": {}, "length": {Codec: framing.LengthPrefix{}}, "in chunks": {Codec: framing.LengthPrefix{}, Chunk: 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &server.Server{Codec: cl.Codec})
			progress, most := peak(8 << 20)
			cl.Progress = progress
			r, err := cl.Run(labtest.Bounded(t), s.addr, repeat(count, msg))
			require.NoError(t, err)
			assert.GreaterOrEqual(t, r.BytesReceived, int64(size)*int64(count))
			assert.Less(t, most(), int64(32<<20))
		})
	}
}

func TestMemoryDoesNotGrowWithEmptyMessages(t *testing.T) {
	const count = 60_000
	s := serve(t, &server.Server{Codec: framing.Lines{}})
	for name, cl := range map[string]client.Client{"in chunks": {Chunk: 4096}, "glued": {Glue: true}} {
		t.Run(name, func(t *testing.T) {
			cl.Codec = framing.Lines{}
			progress, most := peak(16 << 10)
			cl.Progress = progress
			r, err := cl.Run(labtest.Bounded(t), s.addr, repeat(count, ""))
			require.NoError(t, err)
			assert.Equal(t, count, r.MessagesReceived)
			assert.Less(t, most(), int64(20<<20))
		})
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

func TestGlueHasALimit(t *testing.T) {
	s := serve(t, new(server.Server))
	msg := strings.Repeat("m", 1<<20)
	r, err := client.Client{Glue: true}.Run(labtest.Bounded(t), s.addr, repeat(client.GlueLimit/len(msg)+1, msg))
	assert.ErrorContains(t, err, fmt.Sprintf("more than %d MiB cannot go in one write", client.GlueLimit>>20))
	assert.Equal(t, client.HintGlue, hint(err))
	assert.Zero(t, r.Writes)
}

func TestMemoryOfAWebSocketDoesNotGrowWithTheInput(t *testing.T) {
	const size = 64 << 10
	count := 1024 // 64 MiB
	if labtest.UnderRace {
		count /= 8
	}
	msg := strings.Repeat("m", size)
	s := webEcho(t, new(server.Web))
	for name, cl := range map[string]client.Client{
		"frames": {Frames: new(client.Frames)}, "in chunks": {Frames: new(client.Frames), Chunk: 100_000},
		"in fragments, with pings": {Frames: &client.Frames{Fragment: 10_000, Ping: true}},
	} {
		t.Run(name, func(t *testing.T) {
			progress, most := peak(8 << 20)
			cl.Progress, cl.Timeout = progress, labtest.Watchdog
			r, err := cl.Run(labtest.Bounded(t), s.addr, repeat(count, msg))
			require.NoError(t, err)
			assert.GreaterOrEqual(t, r.BytesReceived, int64(size)*int64(count))
			assert.Less(t, most(), int64(32<<20))
		})
	}
}

func TestMemoryOfAWebSocketDoesNotGrowWithEmptyMessages(t *testing.T) {
	const count = 60_000
	s := webEcho(t, new(server.Web))
	progress, most := peak(16 << 10)
	cl := overWebSocket(client.Frames{Ping: true})
	cl.Progress, cl.Chunk = progress, 4096
	r, err := cl.Run(labtest.Bounded(t), s.addr, repeat(count, ""))
	require.NoError(t, err)
	assert.Equal(t, count, r.MessagesReceived)
	assert.Equal(t, count-1, r.Pongs)
	assert.Less(t, most(), int64(20<<20))
}

func TestGlueHasALimitInAWebSocketToo(t *testing.T) {
	s := webEcho(t, new(server.Web))
	cl := overWebSocket(client.Frames{})
	cl.Glue = true
	r, err := cl.Run(labtest.Bounded(t), s.addr, repeat(client.GlueLimit>>20+1, strings.Repeat("m", 1<<20)))
	assert.ErrorContains(t, err, "more than 16 MiB cannot go in one write")
	assert.Equal(t, 1, r.FramesSent, "what does not go in one write does not go at all")
	assert.Equal(t, 1001, r.CloseSent)
}

func TestAnInterruptedGlueIsNotSentAtAll(t *testing.T) {
	s := webEcho(t, new(server.Web))
	waits, release := make(chan struct{}), make(chan struct{})
	cl := overWebSocket(client.Frames{})
	cl.Glue = true
	r := interrupted(t, cl, s.addr, then(repeat(3, flood), func(func([]byte, error) bool) {
		close(waits)
		<-release
	}), waits)
	close(release)
	assert.Zero(t, r.MessagesSent)
	assert.Equal(t, 1, r.FramesSent)
	assert.Equal(t, 1001, r.CloseSent)
}
