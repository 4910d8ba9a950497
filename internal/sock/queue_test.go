package sock_test

import (
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/sock"
)

func TestUnreadIsWhatNoReadHasTaken(t *testing.T) {
	labtest.OnLinux(t)
	client, server := pair(t)
	for range 3 {
		write(t, client, 11)
	}
	require.NoError(t, sock.AwaitUnread(labtest.Bounded(t), server, 33))
	assert.Equal(t, 33, unread(t, server))
	assert.Equal(t, 33, inspect(t, server).Unread)

	_, err := io.ReadFull(server, make([]byte, 13))
	require.NoError(t, err)
	assert.Equal(t, 20, unread(t, server))

	require.NoError(t, client.CloseWrite())
	require.NoError(t, sock.AwaitState(labtest.Bounded(t), server, sock.StateCloseWait))
	assert.Equal(t, 20, unread(t, server), "the end of the stream is no byte of it")
}

func TestUnackedIsWhatThePeerHasNoRoomFor(t *testing.T) {
	labtest.OnLinux(t)
	client, server := pair(t)
	const size = 8 << 20
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := client.Write(make([]byte, size)); err != nil {
			t.Error(err)
		}
	})
	require.NoError(t, sock.AwaitUnread(labtest.Bounded(t), server, 1))
	require.NoError(t, sock.Await(labtest.Bounded(t), func() (bool, error) {
		n, err := sock.Unacked(client)
		return n > 100_000, err
	}))
	info := inspect(t, client)
	assert.Greater(t, info.Unacked, 100_000)
	assert.Contains(t, info.String(), " bytes unacknowledged")

	_, err := io.CopyN(io.Discard, server, size)
	require.NoError(t, err)
	wg.Wait()
	require.NoError(t, sock.Await(labtest.Bounded(t), func() (bool, error) {
		n, err := sock.Unacked(client)
		return n == 0, err
	}))
}

func TestPeekLeavesWhatItShows(t *testing.T) {
	labtest.OnLinux(t)
	client, server := pair(t)
	p := make([]byte, 5)
	_, err := sock.Peek(server, p)
	require.Error(t, err, "it does not wait")
	_, err = client.Write([]byte("hello, world"))
	require.NoError(t, err)
	require.NoError(t, sock.AwaitUnread(labtest.Bounded(t), server, 12))
	for range 2 {
		n, err := sock.Peek(server, p)
		require.NoError(t, err)
		assert.Equal(t, "hello", string(p[:n]))
	}
	assert.Equal(t, 12, unread(t, server))
}
