package sock_test

import (
	"net"
	"testing"
	"time"

	"echolab/internal/labtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOptionsAreThoseThatGoSets(t *testing.T) {
	labtest.OnLinux(t)
	client, server := pair(t)
	for _, c := range []*net.TCPConn{client, server} {
		i := inspect(t, c)
		assert.True(t, i.NoDelay)
		assert.True(t, i.KeepAlive)
		assert.Equal(t, 15*time.Second, i.KeepIdle)
		assert.Equal(t, 15*time.Second, i.KeepInterval)
		assert.Equal(t, 9, i.KeepCount)
	}

	require.NoError(t, client.SetNoDelay(false))
	require.NoError(t, client.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable: true, Idle: 7 * time.Second, Interval: 2 * time.Second, Count: 3,
	}))
	i := inspect(t, client)
	assert.False(t, i.NoDelay)
	assert.Contains(t, i.String(), "TCP_NODELAY off")
	assert.Equal(t, 7*time.Second, i.KeepIdle)
	assert.Equal(t, 2*time.Second, i.KeepInterval)
	assert.Equal(t, 3, i.KeepCount)

	require.NoError(t, client.SetKeepAlive(false))
	assert.False(t, inspect(t, client).KeepAlive)

	before := inspect(t, client).RecvBuffer
	require.NoError(t, client.SetReadBuffer(8192))
	assert.Equal(t, 2*8192, inspect(t, client).RecvBuffer, "Linux tells twice what was set; it was %d", before)
}
