package main

import (
	"io"
	"net"
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
				haveSmallBuffers(c)
				handle(c.(*net.TCPConn))
			}()
		}
	}()
	return ln.Addr().String()
}

// large is more than the buffers of a connection hold once they are small.
const large = 2 << 20

func haveSmallBuffers(c net.Conn) {
	c.(*net.TCPConn).SetReadBuffer(32 << 10)
	c.(*net.TCPConn).SetWriteBuffer(32 << 10)
}

// exchangeWith sends one window to a server, and wants its echo.
func exchangeWith(t *testing.T, l load, handle func(c *net.TCPConn)) error {
	t.Helper()
	c, err := dial(t.Context(), listen(t, handle), 0, false)
	require.NoError(t, err)
	defer c.Close()
	haveSmallBuffers(c)
	require.NoError(t, c.SetDeadline(time.Now().Add(watchdog)))
	ph := newPhase()
	ph.stopping.Store(true)
	return newExchange(c, 0, l, false, ph).run()
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
	require.NoError(t, exchangeWith(t, load{1, large, 3}, func(c *net.TCPConn) { io.Copy(c, c) }))
}

func TestAnEchoThatIsCutShortIsAnError(t *testing.T) {
	for _, size := range []int{10, large} {
		err := exchangeWith(t, load{1, size, 2}, func(c *net.TCPConn) {
			io.CopyN(c, c, int64(size)+5)
			c.CloseWrite()
			io.Copy(io.Discard, c)
		})
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.ErrorContains(t, err, "after 1 of 2 messages")
	}
}

func TestAWrongEchoIsAnError(t *testing.T) {
	for _, size := range []int{10, large} {
		err := exchangeWith(t, load{1, size, 2}, func(c *net.TCPConn) {
			io.CopyN(c, c, int64(size))
			c.Write([]byte("hello"))
			io.Copy(io.Discard, c)
		})
		assert.ErrorContains(t, err, "message 1: what came back is not what was sent")
	}
}

func TestAWrongEchoIsAnErrorEvenIfTheServerReadsNothing(t *testing.T) {
	err := exchangeWith(t, load{1, large, 1}, func(c *net.TCPConn) {
		c.Write([]byte("hello"))
		<-t.Context().Done()
	})
	assert.ErrorContains(t, err, "message 0: what came back is not what was sent")
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
		assert.ErrorContains(t, err, "after 2 of 2 messages: more came back than was sent")
	}
}

func TestARoundTripBeginsWithTheWriteThatSentTheMessage(t *testing.T) {
	began := time.Now()
	ph := newPhase()
	e := &exchange{phase: ph, batches: []batch{{began, 3}, {began.Add(time.Second), 2}, {began.Add(2 * time.Second), 1}}}
	require.NoError(t, e.arrived(1, began.Add(3*time.Second)))
	assert.Zero(t, ph.trips.TotalCount(), "nothing is measured yet")

	ph.measuring.Store(true)
	require.NoError(t, e.arrived(3, began.Add(4*time.Second)))
	assert.Equal(t, []batch{{began.Add(time.Second), 1}, {began.Add(2 * time.Second), 1}}, e.batches)
	assert.Equal(t, int64(3), ph.trips.TotalCount())
	assert.InEpsilon(t, 4*time.Second, ph.trips.ValueAtPercentile(100), 0.001)
	assert.InEpsilon(t, 4*time.Second, ph.trips.ValueAtPercentile(50), 0.001)
	assert.InEpsilon(t, 3*time.Second, ph.trips.ValueAtPercentile(33), 0.001)
}
