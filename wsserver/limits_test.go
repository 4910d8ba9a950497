package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli/clitest"
)

func TestAMessageOverTheLimitIsRefusedWith1009(t *testing.T) {
	s := start(t, "-max-message", "4")
	c := open(t, s.Dial(t))
	c.echo("1234")
	c.send(ws.OpText, "12345")
	c.receiveClose(1009)
	c.ends()
}

func TestAHeaderOverTheLimitIsRefusedWith431(t *testing.T) {
	s := start(t, "-max-header", "1")
	assert.Equal(t, 200, newClient(t, s.Dial(t)).request("/", lines(3000)...).StatusCode)
	assert.Equal(t, 431, newClient(t, s.Dial(t)).request("/", lines(6000)...).StatusCode)
	s = start(t)
	assert.Equal(t, 200, newClient(t, s.Dial(t)).request("/", lines(6000)...).StatusCode)
}

func TestAHeaderThatDoesNotComeIsNotWaitedFor(t *testing.T) {
	s := start(t, "-header-timeout", "50ms")
	c := newClient(t, s.Dial(t))
	_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: ")
	require.NoError(t, err)
	_, err = io.ReadAll(c)
	assert.NoError(t, err, "it ends, in good order")
}

func TestASilentWebSocketIsPinged(t *testing.T) {
	s := start(t, "-ping", "20ms", "-pong-wait", "10s")
	c := open(t, s.Dial(t))
	for range 3 {
		assert.Equal(t, ws.OpPing, c.receive().Header.OpCode)
		c.send(ws.OpPong, "")
	}
	assert.NotContains(t, s.Stdout.String(), "error")
}

func TestAWebSocketThatDoesNotAnswerAPingIsDead(t *testing.T) {
	s := start(t, "-ping", "20ms", "-pong-wait", "50ms")
	c := open(t, s.Dial(t))
	assert.Equal(t, ws.OpPing, c.receive().Header.OpCode)
	c.receiveClose(1011)
	s.Stdout.Await(t, `\(-pong-wait\)`)
}

func TestWithoutPingsASilentWebSocketIsIdle(t *testing.T) {
	s := start(t, "-ping", "0", "-idle-timeout", "50ms")
	open(t, s.Dial(t)).receiveClose(1001)
	s.Stdout.Await(t, `\(-idle-timeout\)`)
}

func TestAFloodOfRefusedConnectionsHarmsNobody(t *testing.T) {
	s := start(t, "-max-conns", "1", "-quiet")
	c := open(t, s.Dial(t))
	for range 200 {
		newClient(t, s.Dial(t)).ends()
		c.echo("still here")
	}
	c.leave()
	assert.Equal(t, 0, s.Stop(t))
	assert.Contains(t, clitest.Unfolded(s.Stdout.String()), "stopped: 1 connection (0 failed, 200 refused): 1 WebSocket, ")
}

func TestAClientThatTakesNothingIsCutOff(t *testing.T) {
	s := start(t, "-write-timeout", "100ms", "-max-message", "65536")
	honest := open(t, s.Dial(t))
	greedy := open(t, s.Dial(t))
	frame, err := ws.CompileFrame(ws.MaskFrame(ws.NewBinaryFrame(make([]byte, 65536))))
	require.NoError(t, err)
	raw := []byte(strings.Repeat("x", 65536))
	for c, each := range map[*client][]byte{greedy: frame, newClient(t, s.Dial(t)): raw} {
		for err = nil; err == nil; {
			_, err = c.Write(each)
		}
		assert.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server waits for ever")
		honest.echo("still here")
	}
	s.Stdout.Await(t, `(?s)\(-write-timeout\).*\(-write-timeout\)`)
}
