package echo_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/echo"
)

func TestMemoryOfAWebSocketDoesNotGrowWithTheInput(t *testing.T) {
	const size = 64 << 10
	count := 1024 // 64 MiB
	if underRace {
		count /= 8
	}
	msg := strings.Repeat("m", size)
	s := webEcho(t, new(echo.Web))
	for name, client := range map[string]echo.Client{
		"frames": {Frames: new(echo.Frames)}, "in chunks": {Frames: new(echo.Frames), Chunk: 100_000},
		"in fragments, with pings": {Frames: &echo.Frames{Fragment: 10_000, Ping: true}},
	} {
		t.Run(name, func(t *testing.T) {
			progress, most := peak(8 << 20)
			client.Progress, client.Timeout = progress, watchdog
			r, err := client.Run(bounded(t), s.addr, repeat(count, msg))
			require.NoError(t, err)
			assert.GreaterOrEqual(t, r.BytesReceived, int64(size)*int64(count))
			assert.Less(t, most(), int64(32<<20))
		})
	}
}

func TestMemoryOfAWebSocketDoesNotGrowWithEmptyMessages(t *testing.T) {
	const count = 60_000
	s := webEcho(t, new(echo.Web))
	progress, most := peak(16 << 10)
	client := overWebSocket(echo.Frames{Ping: true})
	client.Progress, client.Chunk = progress, 4096
	r, err := client.Run(bounded(t), s.addr, repeat(count, ""))
	require.NoError(t, err)
	assert.Equal(t, count, r.MessagesReceived)
	assert.Equal(t, count-1, r.Pongs)
	assert.Less(t, most(), int64(20<<20))
}

func TestGlueHasALimitInAWebSocketToo(t *testing.T) {
	s := webEcho(t, new(echo.Web))
	client := overWebSocket(echo.Frames{})
	client.Glue = true
	r, err := client.Run(bounded(t), s.addr, repeat(echo.GlueLimit>>20+1, strings.Repeat("m", 1<<20)))
	assert.ErrorContains(t, err, "more than 16 MiB cannot go in one write")
	assert.Zero(t, r.Writes, "what does not go in one write does not go at all")
	assert.Zero(t, r.CloseSent)
}

func TestAnInterruptedGlueIsNotSentAtAll(t *testing.T) {
	s := webEcho(t, new(echo.Web))
	waits, release := make(chan struct{}), make(chan struct{})
	client := overWebSocket(echo.Frames{})
	client.Glue = true
	r := interrupted(t, client, s.addr, then(repeat(3, flood), func(func([]byte, error) bool) {
		close(waits)
		<-release
	}), waits)
	close(release)
	assert.Zero(t, r.Writes)
	assert.Equal(t, 3, r.MessagesSent, "in their frames")
}
