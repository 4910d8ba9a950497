package main

import (
	"context"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listen serves each connection with handle, and returns the address.
func listen(t *testing.T, handle func(c *net.TCPConn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c.(*net.TCPConn))
			}()
		}
	}()
	return ln.Addr().String()
}

// exchangeWith sends one window to a server, and wants its echo.
func exchangeWith(t *testing.T, l load, handle func(c *net.TCPConn)) error {
	t.Helper()
	c, err := dial(t.Context(), listen(t, handle), 0, false)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(watchdog)))
	var ph phase
	ph.stopping.Store(true)
	return newExchange(c, 0, l, false, &ph).run()
}

func TestAnEchoMayComeByteByByte(t *testing.T) {
	require.NoError(t, exchangeWith(t, load{1, 10, 5}, func(c *net.TCPConn) {
		var b [1]byte
		for {
			if _, err := io.ReadFull(c, b[:]); err != nil {
				return
			}
			c.Write(b[:])
		}
	}))
}

// A server that echoes as it reads stops reading when its echo is not read.
func TestALargeWindowIsReadWhileItIsWritten(t *testing.T) {
	require.NoError(t, exchangeWith(t, load{1, 8 << 20, 3}, func(c *net.TCPConn) { io.Copy(c, c) }))
}

func TestAnEchoThatIsCutShortIsAnError(t *testing.T) {
	for _, size := range []int{10, 4 << 20} {
		err := exchangeWith(t, load{1, size, 2}, func(c *net.TCPConn) {
			io.CopyN(c, c, int64(size)+5)
			c.CloseWrite()
			io.Copy(io.Discard, c)
		})
		require.ErrorIs(t, err, io.EOF)
		assert.ErrorContains(t, err, "after 1 of 2 messages")
	}
}

func TestAWrongEchoIsAnError(t *testing.T) {
	for _, size := range []int{10, 4 << 20} {
		err := exchangeWith(t, load{1, size, 2}, func(c *net.TCPConn) {
			io.CopyN(c, c, int64(size))
			c.Write([]byte("hello"))
			io.Copy(io.Discard, c)
		})
		assert.ErrorContains(t, err, "message 1: what came back from byte 0 on is not what was sent")
	}
}

func TestAWrongEchoIsAnErrorEvenIfTheServerReadsNothing(t *testing.T) {
	err := exchangeWith(t, load{1, 16 << 20, 1}, func(c *net.TCPConn) {
		c.Write([]byte("hello"))
		<-t.Context().Done()
	})
	assert.ErrorContains(t, err, "message 0: what came back from byte 0 on is not what was sent")
}

func TestMoreThanWasSentIsAnError(t *testing.T) {
	l := load{1, 10, 2}
	first := prepare(l, 0, false).payloads[2] // what would come next
	for _, more := range [][]byte{first[:1], first} {
		err := exchangeWith(t, l, func(c *net.TCPConn) {
			echo, _ := io.ReadAll(io.LimitReader(c, 20))
			c.Write(append(echo, more...))
			io.Copy(io.Discard, c)
		})
		assert.ErrorContains(t, err, "more came back than the 2 messages that were sent")
	}
}

func TestAServerThatIsStuckIsAnError(t *testing.T) {
	addr := listen(t, func(c *net.TCPConn) { io.Copy(io.Discard, c) })
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, os.ErrDeadlineExceeded)
	defer cancel()
	g, err := startGenerator(t.Context(), addr, false, load{2, 64, 1})
	require.NoError(t, err)
	defer g.close()
	require.ErrorIs(t, g.wait(ctx, watchdog), os.ErrDeadlineExceeded)
}

func TestAWrongEchoEndsAMeasurement(t *testing.T) {
	addr := listen(t, func(c *net.TCPConn) { io.WriteString(c, "hello") })
	g, err := startGenerator(t.Context(), addr, false, load{2, 64, 1})
	require.NoError(t, err)
	defer g.close()
	assert.Error(t, g.wait(t.Context(), watchdog))
}

func TestAWrongEchoAtTheEndCountsToo(t *testing.T) {
	addr := listen(t, func(c *net.TCPConn) { io.WriteString(c, "hello") })
	g, err := startGenerator(t.Context(), addr, false, load{2, 64, 1})
	require.NoError(t, err)
	defer g.close()
	assert.Error(t, g.finish(t.Context()))
}

func TestAHandshakeIsCheckedToTheLastByte(t *testing.T) {
	const good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + websocketAccept + "\r\n\r\n"
	for answer, says := range map[string]string{
		good:                               "",
		good + "x":                         "1 bytes came behind the answer",
		good[:len(good)-1]:                 "unexpected EOF",
		"":                                 "EOF",
		"HTTP/1.1 400 Bad Request\r\n\r\n": "the answer is 400 Bad Request",
		"HTTP/1.1 101 Switching Protocols\r\n\r\n":   `Sec-WebSocket-Accept is ""`,
		"SSH-2.0-x\r\n\r\n":                          "malformed HTTP",
		"HTTP/1.1 101 " + string(make([]byte, 5000)): "no end of the answer's head in 4096 bytes",
	} {
		addr := listen(t, func(c *net.TCPConn) {
			_, err := readHead(c)
			assert.NoError(t, err)
			io.WriteString(c, answer)
			c.CloseWrite()
			io.Copy(io.Discard, c)
		})
		c, err := dial(t.Context(), addr, 0, true)
		if says == "" {
			require.NoError(t, err)
			c.Close()
			continue
		}
		assert.ErrorContains(t, err, says)
	}
}

func TestManyConnectionsComeFromSeveralAddresses(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8")
	}
	addr := listen(t, func(c *net.TCPConn) { io.Copy(c, c) })
	for number, from := range map[int]string{
		0: "127.0.0.1", portsPerAddress - 1: "127.0.0.1", portsPerAddress: "127.0.0.2", maxIdle: "127.0.0.51",
	} {
		c, err := dial(t.Context(), addr, number, false)
		require.NoError(t, err)
		assert.Equal(t, from, c.LocalAddr().(*net.TCPAddr).IP.String())
		c.Close()
	}
}
