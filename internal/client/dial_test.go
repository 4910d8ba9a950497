package client_test

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/sock"
)

func TestDialSetsNoDelayAsItIsAsked(t *testing.T) {
	labtest.OnLinux(t)
	ln, err := server.Listen(t.Context(), "127.0.0.1:0", nil)
	require.NoError(t, err)
	defer ln.Close()
	for _, nodelay := range []bool{true, false} {
		rec := new(labtest.Account)
		c, err := client.Dial(t.Context(), ln.Addr().String(), labtest.Watchdog, nodelay, rec)
		require.NoError(t, err)
		defer c.Close()
		assert.Equal(t, nodelay, rec.All(event.Connect)[0].Sock.NoDelay)
	}
}
func TestTheAcceptedSocketIsNotTheListener(t *testing.T) {
	labtest.OnLinux(t)
	rec, atClient := new(labtest.Account), new(labtest.Account)
	srv := &server.Server{Recorder: rec}
	ln, err := server.Listen(t.Context(), "127.0.0.1:0", rec)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	defer func() {
		srv.Close()
		assert.Equal(t, server.ErrServerClosed, <-done)
	}()
	c, err := client.Dial(t.Context(), ln.Addr().String(), labtest.Watchdog, true, atClient)
	require.NoError(t, err)
	defer c.Close()

	listen := rec.All(event.Listen)[0].Sock
	accept := rec.Await(t, event.Accept, 1)[0]
	assert.Equal(t, 1, accept.Conn)
	assert.NotEqual(t, listen.FD, accept.Sock.FD)
	assert.Equal(t, listen.Local, accept.Sock.Local, "its address is the listener's")
	assert.False(t, accept.Sock.Listening)
	assert.Equal(t, sock.StateEstablished, accept.Sock.State)

	require.Equal(t, []event.Kind{event.Socket, event.Connect}, atClient.Kinds())
	socket, connect := atClient.Events[0].Sock, atClient.Events[1].Sock
	assert.False(t, socket.Local.IsValid(), "no address before connect")
	assert.Equal(t, socket.FD, connect.FD)
	assert.Equal(t, accept.Sock.Local, connect.Remote)
	assert.Equal(t, accept.Sock.Remote, connect.Local)
	assert.Equal(t, event.Client, atClient.Events[0].At)
}

func TestWithoutAnAccountNothingIsTold(t *testing.T) {
	ln, err := server.Listen(t.Context(), "127.0.0.1:0", nil)
	require.NoError(t, err)
	defer ln.Close()
	c, err := client.Dial(t.Context(), ln.Addr().String(), labtest.Watchdog, true, nil)
	require.NoError(t, err)
	c.Close()
}

func TestDialSaysWhatFailed(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := ln.Addr().String()
	require.NoError(t, ln.Close())
	rec := new(labtest.Account)
	_, err = client.Dial(t.Context(), addr, labtest.Watchdog, true, rec)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	assert.Empty(t, rec.All(event.Connect))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.Dial(ctx, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 1).String(), labtest.Watchdog, true, nil)
	assert.ErrorIs(t, err, context.Canceled)
}
