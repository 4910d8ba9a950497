package sock_test

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/sock"
	"echolab/internal/text/texttest"
)

func TestSetBacklogChangesTheLimitOfTheQueue(t *testing.T) {
	labtest.OnLinux(t)
	l := listen(t)
	for _, n := range []int{1, 7, 0} {
		require.NoError(t, sock.SetBacklog(l, n))
		i := inspect(t, l)
		assert.Equal(t, n, i.BacklogMax)
		assert.True(t, i.Listening)
	}
}

func TestAConnectionThatFindsTheQueueFullWaitsInSynSent(t *testing.T) {
	labtest.OnLinux(t)
	l := listen(t)
	require.NoError(t, sock.SetBacklog(l, 0)) // Linux lets in one more
	dial(t, l)
	require.NoError(t, sock.Await(labtest.Bounded(t), func() (bool, error) {
		i, err := sock.Inspect(l)
		return i.Backlog == 1, err
	}))

	ctx, cancel := context.WithCancel(labtest.Bounded(t))
	sockets := make(chan syscall.RawConn, 1)
	dialer := net.Dialer{Control: func(_, _ string, rc syscall.RawConn) error {
		sockets <- rc
		return nil
	}}
	var wg sync.WaitGroup
	wg.Go(func() {
		if c, err := dialer.DialContext(ctx, "tcp", l.Addr().String()); err == nil {
			c.Close()
			t.Error("the second connection was let in")
		}
	})
	second := <-sockets
	assert.NoError(t, sock.AwaitState(ctx, second, sock.StateSynSent))
	i := inspect(t, second)
	assert.Equal(t, sock.StateSynSent, i.State)
	assert.True(t, i.Local.IsValid())
	assert.Equal(t, time.Duration(-1), i.RTT, "no answer, no round trip")
	assert.Contains(t, inspect(t, l).String(), ", 1 of 0 waiting for accept")
	cancel()
	wg.Wait()
}

func TestSetBacklogMakesNoListener(t *testing.T) {
	labtest.OnLinux(t)
	l := listen(t)
	client := dial(t, l)
	texttest.Error(t, sock.SetBacklog(client, 5), "sock: backlog: … not listening")

	var refused error
	var after sock.Info
	dialer := net.Dialer{Control: func(_, _ string, rc syscall.RawConn) (err error) {
		refused = sock.SetBacklog(rc, 5)
		after, err = sock.Inspect(rc)
		return err
	}}
	c, err := dialer.DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	assert.ErrorContains(t, refused, "not listening")
	assert.False(t, after.Listening)
}
