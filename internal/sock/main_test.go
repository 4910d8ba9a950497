package sock_test

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/sock"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// ended is a context that is over: a barrier looks once and says what it saw.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	t.Cleanup(cancel)
	return ctx
}

func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l.(*net.TCPListener)
}

func dial(t *testing.T, l net.Listener) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

func accept(t *testing.T, l net.Listener) *net.TCPConn {
	t.Helper()
	c, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

func pair(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	l := listen(t)
	return dial(t, l), accept(t, l)
}

func write(t *testing.T, c net.Conn, n int) {
	t.Helper()
	_, err := c.Write(make([]byte, n))
	require.NoError(t, err)
}

func inspect(t *testing.T, c any) sock.Info {
	t.Helper()
	info, err := sock.Inspect(c)
	require.NoError(t, err)
	return info
}

func unread(t *testing.T, c any) int {
	t.Helper()
	n, err := sock.Unread(c)
	require.NoError(t, err)
	return n
}

// inspectFresh returns what the kernel tells of a socket between socket() and bind().
func inspectFresh(t *testing.T, network, address string) (info sock.Info, l net.Listener) {
	t.Helper()
	config := net.ListenConfig{Control: func(_, _ string, rc syscall.RawConn) (err error) {
		info, err = sock.Inspect(rc)
		return err
	}}
	l, err := config.Listen(t.Context(), network, address)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return info, l
}
