package sock_test

import (
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/sock"
)

func TestTheOwnerOfAPortIsTheProcessThatListens(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0", "0.0.0.0:0"} {
		ln, err := net.Listen("tcp", addr)
		require.NoError(t, err)
		client, err := net.Dial("tcp", ln.Addr().String()) // whose own port nobody listens on
		require.NoError(t, err)
		command, pid, ok := sock.Owner(ln.Addr().String())
		assert.True(t, ok, addr)
		assert.Equal(t, os.Getpid(), pid)
		assert.Equal(t, "sock.test", command)
		_, _, ok = sock.Owner(client.LocalAddr().String())
		assert.False(t, ok, "it is connected, and does not listen")
		require.NoError(t, client.Close())
		require.NoError(t, ln.Close())
	}
	for _, addr := range []string{"", "nowhere", "127.0.0.1:no-such-port"} {
		_, _, ok := sock.Owner(addr)
		assert.False(t, ok)
	}
}
