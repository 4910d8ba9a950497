package client_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/client"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

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
