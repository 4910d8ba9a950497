package sock_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/sock"
)

func TestASocketBeforeBindHasNoAddress(t *testing.T) {
	labtest.OnLinux(t)
	fresh, l := inspectFresh(t, "tcp", "127.0.0.1:0")
	assert.Positive(t, fresh.FD)
	assert.Equal(t, "IPv4", fresh.Family)
	assert.Equal(t, "stream", fresh.Type)
	assert.Equal(t, sock.StateClose, fresh.State)
	assert.False(t, fresh.Local.IsValid())
	assert.False(t, fresh.Remote.IsValid())
	assert.False(t, fresh.Listening)
	assert.Equal(t, -1, fresh.Backlog)
	assert.Equal(t, -1, fresh.BacklogMax)
	assert.Equal(t, time.Duration(-1), fresh.RTT)
	assert.Equal(t, fmt.Sprintf("descriptor %d: IPv4 stream, no address yet, CLOSE (not connected)", fresh.FD), fresh.String())

	bound := inspect(t, l)
	assert.Equal(t, fresh.FD, bound.FD, "the same socket, now with an address")
	assert.Equal(t, l.Addr().String(), bound.Local.String())
}

func TestAListenerHasAQueueOfConnections(t *testing.T) {
	labtest.OnLinux(t)
	l := listen(t)
	info := inspect(t, l)
	assert.True(t, info.Listening)
	assert.Equal(t, sock.StateListen, info.State)
	assert.Equal(t, l.Addr().String(), info.Local.String())
	assert.False(t, info.Remote.IsValid())
	assert.Zero(t, info.Backlog)
	assert.Positive(t, info.BacklogMax)
	for what, n := range map[string]int{
		"Unread": info.Unread, "Unacked": info.Unacked, "MSS": info.MSS, "RTT": int(info.RTT),
	} {
		assert.Equal(t, -1, n, "a listener has no %s", what)
	}

	waiting := func(n int) {
		t.Helper()
		require.NoError(t, sock.Await(labtest.Bounded(t), func() (bool, error) {
			info, err := sock.Inspect(l)
			return info.Backlog == n, err
		}))
	}
	dial(t, l)
	dial(t, l)
	waiting(2)
	accept(t, l)
	waiting(1)
}

func TestTheAcceptedSocketIsNotTheListeningOne(t *testing.T) {
	labtest.OnLinux(t)
	l := listen(t)
	client, server := dial(t, l), accept(t, l)
	listening, accepted, dialled := inspect(t, l), inspect(t, server), inspect(t, client)
	assert.NotEqual(t, listening.FD, accepted.FD)
	assert.Equal(t, listening.Local, accepted.Local, "one port for both")
	assert.Equal(t, accepted.Local, dialled.Remote)
	assert.Equal(t, accepted.Remote, dialled.Local)
	for _, i := range []sock.Info{accepted, dialled} {
		assert.False(t, i.Listening)
		assert.Equal(t, sock.StateEstablished, i.State)
		assert.Equal(t, "TCP", i.Protocol)
		assert.Positive(t, i.MSS)
		assert.Positive(t, i.RTT)
		assert.Less(t, i.RTT, 10*time.Second, "microseconds, not nanoseconds")
		assert.Zero(t, i.Unread)
		assert.Zero(t, i.Unacked)
		assert.Positive(t, i.RecvBuffer)
		assert.Positive(t, i.SendBuffer)
		assert.Equal(t, -1, i.Backlog)
	}
}
