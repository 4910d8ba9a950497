package event_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
)

// loopback is the two ends of a TCP connection.
func loopback(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	s, err := ln.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	for _, end := range []net.Conn{c, s} {
		require.NoError(t, end.SetDeadline(time.Now().Add(20*time.Second)))
	}
	return c.(*net.TCPConn), s.(*net.TCPConn)
}

func TestCloseWritePassesThrough(t *testing.T) {
	client, server := loopback(t)
	c := event.Wrap(client, &eventtest.List{}, 1, event.Client)
	require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())

	n, err := server.Read(make([]byte, 1))
	assert.Zero(t, n)
	assert.Equal(t, io.EOF, err)
	_, err = server.Write([]byte("still open"))
	require.NoError(t, err)
	buf := make([]byte, 10)
	_, err = io.ReadFull(c, buf)
	require.NoError(t, err)
	assert.Equal(t, "still open", string(buf))
}

func TestSyscallConnPassesThrough(t *testing.T) {
	client, _ := loopback(t)
	c := event.Wrap(client, &eventtest.List{}, 1, event.Client)
	assert.Equal(t, descriptor(t, client), descriptor(t, c.(syscall.Conn)))
}

func descriptor(t *testing.T, c syscall.Conn) (descriptor uintptr) {
	t.Helper()
	raw, err := c.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) { descriptor = fd }))
	return descriptor
}

func TestAPipeSaysThatItHasNoSocket(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	c := event.Wrap(a, &eventtest.List{}, 1, event.Client)

	err := c.(interface{ CloseWrite() error }).CloseWrite()
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorContains(t, err, "close the writing half of a *net.pipe")

	_, err = c.(syscall.Conn).SyscallConn()
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorContains(t, err, "a *net.pipe has no socket")
}

func TestReadsAndWritesAtTheSameTimeAreEachInOrder(t *testing.T) {
	client, server := loopback(t)
	var told eventtest.List
	c := event.Wrap(client, &told, 1, event.Client)
	s := event.Wrap(server, &told, 1, event.Server)
	data := strings.Repeat(eventtest.Greeting, 10_000)

	var wg sync.WaitGroup
	wg.Go(func() { // echo
		_, err := io.Copy(s, s)
		assert.NoError(t, err)
		assert.NoError(t, s.(*event.Conn).CloseWrite())
	})
	wg.Go(func() {
		_, err := io.Copy(c, struct{ io.Reader }{strings.NewReader(data)})
		assert.NoError(t, err)
		assert.NoError(t, c.(*event.Conn).CloseWrite())
	})
	got, err := io.ReadAll(c)
	wg.Wait()
	require.NoError(t, err)
	require.True(t, string(got) == data, "the echo differs")

	type call struct {
		event.Kind
		event.Side
	}
	streams := make(map[call]*strings.Builder)
	for _, e := range told.Events {
		b := streams[call{e.Ev, e.At}]
		if b == nil {
			b = new(strings.Builder)
			streams[call{e.Ev, e.At}] = b
		}
		require.EqualValues(t, b.Len(), e.Off)
		b.Write(e.Bytes)
	}
	require.Len(t, streams, 4)
	for call, b := range streams {
		assert.True(t, b.String() == data, "the bytes of each %s at the %s are not the stream", call.Kind, call.Side)
	}
}
