package main

import (
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli/clitest"
	"echolab/internal/proc"
)

// dial returns a connection to addr that does not wait for ever.
func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(clitest.Watchdog)))
	return conn.(*net.TCPConn)
}

func TestOnePortServesAllThree(t *testing.T) {
	s := proc.StartServer(t, "wsserver")
	raw := dial(t, s.Addr)
	_, err := io.WriteString(raw, "GE is no request\n")
	require.NoError(t, err)
	require.NoError(t, raw.CloseWrite())
	back, err := io.ReadAll(raw)
	require.NoError(t, err)
	assert.Equal(t, "GE is no request\n", string(back))

	web := newClient(t, dial(t, s.Addr))
	status, page := web.get("/")
	assert.Equal(t, 200, status)
	assert.Contains(t, page, "One port, three protocols")
	status, health := web.get("/healthz")
	assert.Equal(t, 200, status)
	assert.Equal(t, "ok\n", health)
	web.Close()

	socket := open(t, dial(t, s.Addr))
	socket.echo("안녕하세요")
	socket.send(ws.OpPing, "are you there?")
	pong := socket.receive()
	assert.Equal(t, ws.OpPong, pong.Header.OpCode)
	assert.Equal(t, "are you there?", string(pong.Payload))
	s.AwaitLine("#3  message") // and so the account has what came before
	out := stopWith(t, s, os.Interrupt, socket)

	account := clitest.Unfolded(out.Stdout)
	assert.Contains(t, account,
		"stopped: 3 connections (0 failed, 0 refused): 1 WebSocket (1 answered Close 1001), 1 HTTP, 1 raw; ")
	assert.Contains(t, account, "none had to be cut off")
	assert.Contains(t, account, `FIN text of 15 "안녕하세요"`)
	assert.Empty(t, out.Stderr)
	for line := range strings.Lines(out.Stdout) {
		assert.LessOrEqual(t, len([]rune(strings.TrimRight(line, "\n"))), 80, line)
	}
}

// stopWith stops a server by a signal, upon which each WebSocket gets Close 1001 and answers it.
func stopWith(t *testing.T, s *proc.Server, signal os.Signal, open ...*client) proc.Output {
	t.Helper()
	s.Signal(signal)
	for _, c := range open {
		c.receiveClose(1001)
		c.answerClose(1001)
	}
	out := s.Wait()
	assert.Equal(t, 0, out.Status, out.Stderr)
	return out
}

func TestASignalClosesEveryWebSocketWith1001(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		s := proc.StartServer(t, "wsserver", "-quiet")
		idle := dial(t, s.Addr) // says nothing, not even what it is; accepted before those that come after it
		var all []*client
		for range 20 {
			c := open(t, dial(t, s.Addr))
			c.echo("here")
			all = append(all, c)
		}
		out := stopWith(t, s, signal, all...)
		assert.Contains(t, clitest.Unfolded(out.Stdout),
			"(0 failed, 0 refused): 20 WebSockets (20 answered Close 1001), 0 HTTP, ")
		newClient(t, idle).ends()
	}
}

func TestASecondInterruptEndsAtOnce(t *testing.T) {
	s := proc.StartServer(t, "wsserver", "-quiet")
	c := open(t, dial(t, s.Addr)) // does not answer the Close, for which it would have two seconds
	s.Signal(os.Interrupt)
	c.receiveClose(1001)
	// The program may still be about to make a Ctrl-C what it is by default: the one that comes after that ends it.
	for {
		s.Signal(os.Interrupt)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
		if _, err := c.Read(make([]byte, 1)); !os.IsTimeout(err) {
			break
		}
	}
	out := s.Wait()
	assert.Equal(t, -1, out.Status, "by a signal")
	assert.NotContains(t, out.Stdout, "stopped: ")
}
