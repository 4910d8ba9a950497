package echo_test

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/echo"
	"echolab/internal/event"
	"echolab/internal/sock"
)

func TestAListenerComesIntoBeingStepByStep(t *testing.T) {
	onLinux(t)
	rec := new(account)
	ln, err := echo.Listen(t.Context(), "127.0.0.1:0", rec)
	require.NoError(t, err)
	defer ln.Close()
	require.Equal(t, []event.Kind{event.Socket, event.Bind, event.Listen}, rec.kinds())
	socket, bind, listen := rec.events[0].Sock, rec.events[1].Sock, rec.events[2].Sock
	addr := ln.Addr().(*net.TCPAddr).AddrPort()

	assert.False(t, socket.Local.IsValid(), "no address before bind")
	assert.False(t, socket.Listening)
	assert.Equal(t, sock.StateClose, socket.State)

	assert.Equal(t, addr, bind.Local)
	assert.Equal(t, socket.FD, bind.FD)

	assert.Equal(t, addr, listen.Local)
	assert.Equal(t, socket.FD, listen.FD)
	assert.True(t, listen.Listening)
	assert.Equal(t, sock.StateListen, listen.State)
	assert.Zero(t, listen.Backlog)
	assert.Positive(t, listen.BacklogMax)
	for _, e := range rec.events {
		assert.Equal(t, event.Server, e.At)
		assert.False(t, e.Time.IsZero())
	}
}

func TestTheAcceptedSocketIsNotTheListener(t *testing.T) {
	onLinux(t)
	rec, atClient := new(account), new(account)
	srv := &echo.Server{Recorder: rec}
	ln, err := echo.Listen(t.Context(), "127.0.0.1:0", rec)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	defer func() {
		srv.Close()
		assert.Equal(t, echo.ErrServerClosed, <-done)
	}()
	c, err := echo.Dial(t.Context(), ln.Addr().String(), watchdog, true, atClient)
	require.NoError(t, err)
	defer c.Close()

	listen := rec.all(event.Listen)[0].Sock
	accept := rec.await(t, event.Accept, 1)[0]
	assert.Equal(t, 1, accept.Conn)
	assert.NotEqual(t, listen.FD, accept.Sock.FD)
	assert.Equal(t, listen.Local, accept.Sock.Local, "its address is the listener's")
	assert.False(t, accept.Sock.Listening)
	assert.Equal(t, sock.StateEstablished, accept.Sock.State)

	require.Equal(t, []event.Kind{event.Socket, event.Connect}, atClient.kinds())
	socket, connect := atClient.events[0].Sock, atClient.events[1].Sock
	assert.False(t, socket.Local.IsValid(), "no address before connect")
	assert.Equal(t, socket.FD, connect.FD)
	assert.Equal(t, accept.Sock.Local, connect.Remote)
	assert.Equal(t, accept.Sock.Remote, connect.Local)
	assert.Equal(t, event.Client, atClient.events[0].At)
}

func TestDialSetsNoDelayAsItIsAsked(t *testing.T) {
	onLinux(t)
	ln, err := echo.Listen(t.Context(), "127.0.0.1:0", nil)
	require.NoError(t, err)
	defer ln.Close()
	for _, nodelay := range []bool{true, false} {
		rec := new(account)
		c, err := echo.Dial(t.Context(), ln.Addr().String(), watchdog, nodelay, rec)
		require.NoError(t, err)
		defer c.Close()
		assert.Equal(t, nodelay, rec.all(event.Connect)[0].Sock.NoDelay)
	}
}

func TestWithoutAnAccountNothingIsTold(t *testing.T) {
	ln, err := echo.Listen(t.Context(), "127.0.0.1:0", nil)
	require.NoError(t, err)
	defer ln.Close()
	c, err := echo.Dial(t.Context(), ln.Addr().String(), watchdog, true, nil)
	require.NoError(t, err)
	c.Close()
}

func TestListenAndDialSayWhatFailed(t *testing.T) {
	ln, err := echo.Listen(t.Context(), "127.0.0.1:0", nil)
	require.NoError(t, err)
	addr := ln.Addr().String()

	_, err = echo.Listen(t.Context(), addr, new(account))
	assert.ErrorIs(t, err, syscall.EADDRINUSE)

	require.NoError(t, ln.Close())
	rec := new(account)
	_, err = echo.Dial(t.Context(), addr, watchdog, true, rec)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	assert.Empty(t, rec.all(event.Connect))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = echo.Dial(ctx, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 1).String(), watchdog, true, nil)
	assert.ErrorIs(t, err, context.Canceled)
}
