package sock_test

import (
	"io"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/sock"
)

func TestHalfCloseIsAStateOnBothSides(t *testing.T) {
	labtest.OnLinux(t)
	client, server := pair(t)
	require.NoError(t, sock.AwaitState(labtest.Bounded(t), server, sock.StateEstablished))

	require.NoError(t, client.CloseWrite())
	require.NoError(t, sock.AwaitState(labtest.Bounded(t), server, sock.StateCloseWait))
	require.NoError(t, sock.AwaitState(labtest.Bounded(t), client, sock.StateFinWait2))
	write(t, server, 5)
	require.NoError(t, sock.AwaitUnread(labtest.Bounded(t), client, 5), "the other direction still carries bytes")

	require.NoError(t, server.Close())
	require.NoError(t, sock.AwaitState(labtest.Bounded(t), client, sock.StateClose))
	i := inspect(t, client)
	assert.False(t, i.Remote.IsValid(), "the connection is over")
	assert.Equal(t, 5, i.Unread, "what came before is still there to be read")
}

func TestTheEndOfAStreamWaitsBehindItsBytes(t *testing.T) {
	labtest.OnLinux(t)
	client, server := pair(t)
	size := inspect(t, server).RecvBuffer + 10_000 // more than the server has room for
	if inspect(t, client).SendBuffer < 2*size {
		t.Skip("the send buffer here does not hold what the receive buffer does not")
	}
	write(t, client, size)
	require.NoError(t, client.CloseWrite())
	state, err := sock.State(client)
	require.NoError(t, err)
	assert.Equal(t, sock.StateFinWait1, state)

	n, err := io.Copy(io.Discard, server)
	require.NoError(t, err)
	assert.EqualValues(t, size, n)
	require.NoError(t, sock.AwaitState(labtest.Bounded(t), client, sock.StateFinWait2))
}

func TestAResetLeavesASocketThatIsNotConnected(t *testing.T) {
	labtest.OnLinux(t)
	client, server := pair(t)
	require.NoError(t, server.SetLinger(0))
	require.NoError(t, server.Close())
	require.NoError(t, sock.AwaitState(labtest.Bounded(t), client, sock.StateClose))
	assert.False(t, inspect(t, client).Remote.IsValid())
	_, err := client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, syscall.ECONNRESET, "asking has not used up the error that a read returns")
}
