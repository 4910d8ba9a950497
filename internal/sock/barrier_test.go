package sock_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/sock"
)

func TestABarrierThatGivesUpSaysWhatWasThere(t *testing.T) {
	labtest.OnLinux(t)
	client, server := pair(t)
	write(t, client, 20)
	require.NoError(t, sock.AwaitUnread(labtest.Bounded(t), server, 20))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		err  error
		want string
	}{
		{sock.AwaitUnread(ended(t), server, 33),
			"sock: waiting for 33 unread bytes: 20 were there: context deadline exceeded"},
		{sock.AwaitUnread(ended(t), client, 1),
			"sock: waiting for 1 unread byte: 0 were there: context deadline exceeded"},
		{sock.AwaitState(ended(t), client, sock.StateFinWait2, sock.StateClose),
			"sock: waiting for FIN-WAIT-2 or CLOSE: it was ESTABLISHED: context deadline exceeded"},
		{sock.AwaitState(cancelled, client, sock.StateClose),
			"sock: waiting for CLOSE: it was ESTABLISHED: context canceled"},
	} {
		require.EqualError(t, test.err, test.want)
		if !errors.Is(test.err, context.DeadlineExceeded) {
			assert.ErrorIs(t, test.err, context.Canceled)
		}
	}
}

func TestABarrierIsPassedByWhatIsThereAlready(t *testing.T) {
	labtest.OnLinux(t)
	client, server := pair(t)
	write(t, client, 20)
	require.NoError(t, sock.AwaitUnread(labtest.Bounded(t), server, 20))
	assert.NoError(t, sock.AwaitUnread(ended(t), server, 19), "it looks once even when there is no time left")
	assert.NoError(t, sock.AwaitState(ended(t), server, sock.StateListen, sock.StateEstablished))
}

func TestABarrierEndsWithItsSocket(t *testing.T) {
	labtest.OnLinux(t)
	client, _ := pair(t)
	result := make(chan error)
	ctx := labtest.Bounded(t)
	go func() { result <- sock.AwaitUnread(ctx, client, 1) }()
	require.NoError(t, client.Close())
	assert.ErrorIs(t, <-result, net.ErrClosed)
}

func TestAskingDisturbsNobody(t *testing.T) {
	labtest.OnLinux(t)
	client, server := pair(t)
	const size = 1 << 20
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := client.Write(make([]byte, size))
		assert.NoError(t, err)
		assert.NoError(t, client.CloseWrite())
	})
	for range 2 {
		wg.Go(func() {
			for range 200 {
				for _, c := range []any{client, server} {
					_, err := sock.Inspect(c)
					assert.NoError(t, err)
				}
			}
		})
	}
	n, err := io.Copy(io.Discard, server)
	assert.NoError(t, err)
	assert.EqualValues(t, size, n)
	wg.Wait()
}
