package sock_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/sock"
	"echolab/internal/text/texttest"
)

func TestAnMPTCPConnectionHasNoByteWhereItsStreamEnds(t *testing.T) {
	labtest.OnLinux(t)
	multipath := func() (client, server *net.TCPConn) {
		l := listen(t)
		var dialer net.Dialer
		dialer.SetMultipathTCP(true)
		c, err := dialer.DialContext(t.Context(), "tcp", l.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		client = c.(*net.TCPConn)
		if both, err := client.MultipathTCP(); err != nil || !both {
			t.Skip("there is no MPTCP here")
		}
		return client, accept(t, l)
	}
	client, server := multipath()
	assert.Equal(t, "MPTCP", inspect(t, server).Protocol)
	assert.Equal(t, sock.StateEstablished, inspect(t, server).State)
	assert.Equal(t, 0, unread(t, server))
	write(t, client, 5)
	require.NoError(t, sock.AwaitUnread(labtest.Bounded(t), server, 5))
	require.NoError(t, client.CloseWrite())
	assert.Equal(t, 5, unread(t, server)) // the end may be there or not
	_, err := io.ReadFull(server, make([]byte, 4))
	require.NoError(t, err)
	assert.Equal(t, 1, unread(t, server))
	rest, err := io.ReadAll(server)
	require.NoError(t, err)
	assert.Len(t, rest, 1)
	assert.Equal(t, 0, unread(t, server))

	client, server = multipath()
	require.NoError(t, server.SetLinger(0))
	require.NoError(t, server.Close())
	require.NoError(t, sock.AwaitState(labtest.Bounded(t), client, sock.StateClose))
	assert.Equal(t, 0, unread(t, client))
	_, err = client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, syscall.ECONNRESET, "asking has not used up the error that a read returns")
}

func TestUDPHasDatagramsAndNoState(t *testing.T) {
	labtest.OnLinux(t)
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer pc.Close()
	c, err := net.Dial("udp", pc.LocalAddr().String())
	require.NoError(t, err)
	defer c.Close()

	i := inspect(t, pc)
	assert.Equal(t, "datagram", i.Type)
	assert.Equal(t, "UDP", i.Protocol)
	assert.Empty(t, i.State)
	assert.Equal(t, pc.LocalAddr().String(), i.Local.String())
	assert.False(t, i.Remote.IsValid())
	assert.Equal(t, -1, i.Unacked)
	assert.Equal(t, -1, i.MSS)
	assert.Equal(t, time.Duration(-1), i.KeepIdle)
	assert.Equal(t, fmt.Sprintf("descriptor %d: IPv4 datagram, %v", i.FD, pc.LocalAddr()), i.String())

	connected := inspect(t, c)
	assert.Equal(t, i.Local, connected.Remote)
	assert.Equal(t, fmt.Sprintf("descriptor %d: IPv4 datagram, %v <-> %v",
		connected.FD, c.LocalAddr(), pc.LocalAddr()), connected.String())

	write(t, c, 20)
	write(t, c, 30)
	require.NoError(t, sock.AwaitUnread(labtest.Bounded(t), pc, 20))
	assert.Equal(t, 20, inspect(t, pc).Unread, "the next datagram, not both")

	_, err = sock.State(pc)
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	_, err = sock.Unacked(pc)
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestIPv6(t *testing.T) {
	labtest.OnLinux(t)
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("there is no IPv6 loopback address here: ", err)
	}
	defer l.Close()
	client, server := dial(t, l), accept(t, l)
	i := inspect(t, server)
	assert.Equal(t, "IPv6", i.Family)
	assert.Equal(t, l.Addr().String(), i.Local.String())
	assert.Equal(t, client.LocalAddr().String(), i.Remote.String())
	assert.Equal(t, "IPv6", inspect(t, l).Family)

	fresh, _ := inspectFresh(t, "tcp", "[::1]:0")
	assert.False(t, fresh.Local.IsValid())
	assert.Contains(t, fresh.String(), "IPv6 stream, no address yet")
}

func TestAnIPv6SocketThatCarriesIPv4SaysSo(t *testing.T) {
	labtest.OnLinux(t)
	l, err := net.Listen("tcp", ":0")
	require.NoError(t, err)
	defer l.Close()
	if inspect(t, l).Family != "IPv6" {
		t.Skip("listening on every address is IPv4 only here")
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	client, err := net.Dial("tcp4", net.JoinHostPort("127.0.0.1", port))
	require.NoError(t, err)
	defer client.Close()
	i := inspect(t, accept(t, l))
	assert.Equal(t, "IPv6", i.Family)
	assert.Equal(t, "[::ffff:127.0.0.1]:"+port, i.Local.String())
}

func TestAUnixSocketIsOfAnotherFamily(t *testing.T) {
	labtest.OnLinux(t)
	dir, err := os.MkdirTemp("", "sock") // t.TempDir may be too long for the address of a socket
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	require.NoError(t, err)
	defer l.Close()
	i := inspect(t, l)
	assert.Equal(t, "family 1", i.Family)
	assert.Equal(t, "stream", i.Type)
	assert.True(t, i.Listening)
	assert.Empty(t, i.State)
	assert.Equal(t, -1, i.Unacked)
	assert.Equal(t, fmt.Sprintf("descriptor %d: family 1 stream", i.FD), i.String())
}

func TestAListenerHasNoBytes(t *testing.T) {
	labtest.OnLinux(t)
	l := listen(t)
	_, err := sock.Unread(l)
	assert.ErrorIs(t, err, syscall.EINVAL)
	_, err = sock.Unacked(l)
	assert.ErrorIs(t, err, syscall.EINVAL)
	state, err := sock.State(l)
	assert.NoError(t, err)
	assert.Equal(t, sock.StateListen, state)
}

// wrapped is a connection as a server has it that read ahead.
type wrapped struct{ net.Conn }

func (w wrapped) NetConn() net.Conn { return w.Conn }

func TestAWrapperLeadsToItsSocket(t *testing.T) {
	labtest.OnLinux(t)
	client, _ := pair(t)
	assert.Equal(t, inspect(t, client).FD, inspect(t, wrapped{wrapped{client}}).FD)
}

// questions are all the ways to ask about one socket.
var questions = map[string]func(c any) error{
	"Inspect":    func(c any) error { _, err := sock.Inspect(c); return err },
	"Unread":     func(c any) error { _, err := sock.Unread(c); return err },
	"Unacked":    func(c any) error { _, err := sock.Unacked(c); return err },
	"State":      func(c any) error { _, err := sock.State(c); return err },
	"SetBacklog": func(c any) error { return sock.SetBacklog(c, 1) },
	"AwaitUnread": func(c any) error {
		return sock.AwaitUnread(context.Background(), c, 1)
	},
	"AwaitState": func(c any) error {
		return sock.AwaitState(context.Background(), c, sock.StateListen)
	},
}

func TestAClosedSocketSaysThatItIsClosed(t *testing.T) {
	l := listen(t)
	client := dial(t, l)
	require.NoError(t, client.Close())
	require.NoError(t, l.Close())
	for name, ask := range questions {
		assert.ErrorIs(t, ask(client), net.ErrClosed, name)
		assert.ErrorIs(t, ask(l), net.ErrClosed, name)
	}
}

func TestAPipeHasNoSocket(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	for name, ask := range questions {
		for _, c := range []any{a, wrapped{a}, nil, 5} {
			assert.ErrorIs(t, ask(c), sock.ErrNoSocket, name)
		}
	}
	_, err := sock.Inspect(a)
	texttest.Error(t, err, "sock: inspect: *net.pipe: … no socket")
}

func TestAFileIsNotASocket(t *testing.T) {
	labtest.OnLinux(t)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	for _, ask := range []string{"Inspect", "Unacked", "State", "SetBacklog"} {
		assert.ErrorIs(t, questions[ask](r), syscall.ENOTSOCK, ask)
	}
}

func TestASystemThatDoesNotTellSaysSo(t *testing.T) {
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		t.Skip("this system tells")
	}
	client, _ := pair(t)
	for name, ask := range questions {
		assert.ErrorIs(t, ask(client), errors.ErrUnsupported, name)
		assert.ErrorContains(t, ask(client), "not available on this system", name)
	}
}
