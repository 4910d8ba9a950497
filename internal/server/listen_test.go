package server_test

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/sock"
)

func TestAListenerComesIntoBeingStepByStep(t *testing.T) {
	labtest.OnLinux(t)
	rec := new(labtest.Account)
	ln, err := server.Listen(t.Context(), "127.0.0.1:0", rec)
	require.NoError(t, err)
	defer ln.Close()
	require.Equal(t, []event.Kind{event.Socket, event.Bind, event.Listen}, rec.Kinds())
	socket, bind, listen := rec.Events[0].Sock, rec.Events[1].Sock, rec.Events[2].Sock
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
	for _, e := range rec.Events {
		assert.Equal(t, event.Server, e.At)
		assert.False(t, e.Time.IsZero())
	}
}

func TestListenSaysWhatFailed(t *testing.T) {
	ln, err := server.Listen(t.Context(), "127.0.0.1:0", nil)
	require.NoError(t, err)
	defer ln.Close()
	_, err = server.Listen(t.Context(), ln.Addr().String(), new(labtest.Account))
	assert.ErrorIs(t, err, syscall.EADDRINUSE)
}
