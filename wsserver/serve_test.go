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
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
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

func TestOnlyRawEchoesWhatLooksLikeHTTP(t *testing.T) {
	s := start(t, "-only", "raw")
	request := "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
	assert.Equal(t, request, s.Exchange(t, request))
	assert.Equal(t, 0, s.Stop(t))
	assert.Contains(t, clitest.Unfolded(s.Stdout.String()), ": 0 WebSockets, 0 HTTP, 1 raw; ")
}

func TestOnlyHTTPTakesEverythingForHTTP(t *testing.T) {
	s := start(t, "-only", "http")
	assert.Contains(t, s.Exchange(t, "hello\r\n\r\n"), "HTTP/1.1 400 Bad Request\r\n")
	c := open(t, s.Dial(t))
	c.echo("hello")
	c.leave()
	assert.Equal(t, 0, s.Stop(t))
	assert.Contains(t, clitest.Unfolded(s.Stdout.String()), ": 1 WebSocket, 1 HTTP, 0 raw; ")
}

func TestTheRawPartHasItsCodec(t *testing.T) {
	s := start(t, "-codec", "lines")
	assert.Equal(t, "hello\nworld\n", s.Exchange(t, "hello\nworld\n"))
	s.Stdout.Await(t, `^#1  message\s+6 bytes at 6 `)
	open(t, s.Dial(t)).echo("no line feed is needed")
}

func TestQuietSaysOnlyWhereItListensAndThatItStopped(t *testing.T) {
	s := start(t, "-quiet")
	c := open(t, s.Dial(t))
	c.echo("hello")
	c.leave()
	s.Exchange(t, "hello")
	assert.Equal(t, 0, s.Stop(t))
	assert.Regexp(t, `^listening on 127\.0\.0\.1:\d+\nstopped: 2 connections [^\n]*\n[^\n]*\n?$`, s.Stdout.String())
	assert.Empty(t, s.Stderr.String())
}

func TestInJSONTheResultSaysWhatTheConnectionsWere(t *testing.T) {
	s := start(t, "-json")
	s.Exchange(t, "hello")
	c := newClient(t, s.Dial(t))
	status, _ := c.get("/healthz")
	require.Equal(t, 200, status)
	c.Close()
	c = open(t, s.Dial(t))
	c.echo("hello")
	c.leave()
	assert.Equal(t, 0, s.Stop(t))
	r := s.Result(t)
	assert.Equal(t, "result", r["ev"])
	assert.Equal(t, true, r["ok"])
	for name, want := range map[string]float64{
		"conns": 3, "raw": 1, "http": 1, "websocket": 1, "failed": 0, "refused": 0, "closed": 0, "messages": 1,
	} {
		assert.Equal(t, want, r[name], name)
	}
	assert.NotContains(t, r, "away", "nobody was asked to leave")
	assert.Equal(t, "listening on "+s.Addr+"\n", s.Stderr.String())
}

func TestPagesOfOtherSitesNeedToBeListed(t *testing.T) {
	s := start(t, "-origin", "https://a.example, https://b.example:8443", "-origin", "http://c.example:80")
	for origin, status := range map[string]int{
		"https://a.example": 101, "https://b.example:8443": 101, "http://c.example": 101, "http://localhost": 101,
		"http://a.example": 403, "https://b.example": 403, "https://a.example.evil.example": 403, "null": 403,
	} {
		assert.Equal(t, status, newClient(t, s.Dial(t)).handshake("Origin: "+origin).StatusCode, origin)
	}
}

func TestCompressionNeedsAnOfferAndTheFlag(t *testing.T) {
	const name, offer = "Sec-WebSocket-Extensions", "permessage-deflate"
	on, off := start(t, "-compress"), start(t)
	assert.Equal(t, offer, newClient(t, on.Dial(t)).handshake(name+": "+offer).Header.Get(name))
	assert.Empty(t, newClient(t, on.Dial(t)).handshake().Header.Get(name))
	assert.Empty(t, newClient(t, off.Dial(t)).handshake(name+": "+offer).Header.Get(name))
}
