package sock_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/sock"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func onLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("what is asserted here is what Linux tells of its sockets, and this is " + runtime.GOOS)
	}
}

// bounded is a context that ends long after anything here should have happened.
func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
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

// inspectFresh returns what the kernel tells of a socket between socket() and bind().
func inspectFresh(t *testing.T, network, address string) (info sock.Info, l net.Listener) {
	t.Helper()
	config := net.ListenConfig{Control: func(_, _ string, rc syscall.RawConn) (err error) {
		info, err = sock.InspectRaw(rc)
		return err
	}}
	l, err := config.Listen(t.Context(), network, address)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return info, l
}

func TestASocketBeforeBindHasNoAddress(t *testing.T) {
	onLinux(t)
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
	assert.Equal(t, fmt.Sprintf("descriptor %d: IPv4 stream, no address yet, CLOSE", fresh.FD), fresh.String())

	bound := inspect(t, l)
	assert.Equal(t, fresh.FD, bound.FD, "the same socket, now with an address")
	assert.Equal(t, l.Addr().String(), bound.Local.String())
}

func TestASocketBeforeConnectHasNoAddress(t *testing.T) {
	onLinux(t)
	l := listen(t)
	var fresh sock.Info
	dialer := net.Dialer{Control: func(_, _ string, rc syscall.RawConn) (err error) {
		fresh, err = sock.InspectRaw(rc)
		return err
	}}
	c, err := dialer.DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	assert.False(t, fresh.Local.IsValid())
	assert.False(t, fresh.Remote.IsValid())
	assert.Equal(t, sock.StateClose, fresh.State)

	connected := inspect(t, c)
	assert.Equal(t, fresh.FD, connected.FD)
	assert.Equal(t, c.LocalAddr().String(), connected.Local.String())
	assert.Equal(t, l.Addr().String(), connected.Remote.String())
}

func TestAListenerHasAQueueOfConnections(t *testing.T) {
	onLinux(t)
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
		require.NoError(t, sock.Await(bounded(t), func() (bool, error) {
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
	onLinux(t)
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

func TestUnreadIsWhatNoReadHasTaken(t *testing.T) {
	onLinux(t)
	client, server := pair(t)
	for range 3 {
		write(t, client, 11)
	}
	require.NoError(t, sock.AwaitUnread(bounded(t), server, 33))
	n, err := sock.Unread(server)
	require.NoError(t, err)
	assert.Equal(t, 33, n)
	assert.Equal(t, 33, inspect(t, server).Unread)

	_, err = io.ReadFull(server, make([]byte, 13))
	require.NoError(t, err)
	n, err = sock.Unread(server)
	require.NoError(t, err)
	assert.Equal(t, 20, n)

	require.NoError(t, client.CloseWrite())
	require.NoError(t, sock.AwaitState(bounded(t), server, sock.StateCloseWait))
	n, err = sock.Unread(server)
	require.NoError(t, err)
	assert.Equal(t, 20, n, "the end of the stream is no byte of it")
}

func TestUnackedIsWhatThePeerHasNoRoomFor(t *testing.T) {
	onLinux(t)
	client, server := pair(t)
	const size = 8 << 20
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := client.Write(make([]byte, size)); err != nil {
			t.Error(err)
		}
	})
	require.NoError(t, sock.AwaitUnread(bounded(t), server, 1))
	require.NoError(t, sock.Await(bounded(t), func() (bool, error) {
		n, err := sock.Unacked(client)
		return n > 100_000, err
	}))
	info := inspect(t, client)
	assert.Greater(t, info.Unacked, 100_000)
	assert.Contains(t, info.String(), " bytes unacknowledged")
	assert.ErrorContains(t, sock.AwaitDrained(ended(t), client, server), "waiting for the reader to take all bytes: ")

	_, err := io.CopyN(io.Discard, server, size)
	require.NoError(t, err)
	wg.Wait()
	require.NoError(t, sock.AwaitDrained(bounded(t), client, server))
	n, err := sock.Unacked(client)
	require.NoError(t, err)
	assert.Zero(t, n)
}

func TestAfterAwaitDrainedTheNextWriteIsARead(t *testing.T) {
	onLinux(t)
	client, server := pair(t)
	var sizes []int
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, err := server.Read(buf)
			if err != nil {
				return
			}
			sizes = append(sizes, n)
		}
	})
	for n := range 100 {
		write(t, client, n+1)
		require.NoError(t, sock.AwaitDrained(bounded(t), client, server))
	}
	require.NoError(t, client.Close())
	wg.Wait()
	require.Len(t, sizes, 100)
	for n, size := range sizes {
		assert.Equal(t, n+1, size)
	}
}

func TestOptionsAreThoseThatGoSets(t *testing.T) {
	onLinux(t)
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

func TestHalfCloseIsAStateOnBothSides(t *testing.T) {
	onLinux(t)
	client, server := pair(t)
	require.NoError(t, sock.AwaitState(bounded(t), server, sock.StateEstablished))

	require.NoError(t, client.CloseWrite())
	require.NoError(t, sock.AwaitState(bounded(t), server, sock.StateCloseWait))
	require.NoError(t, sock.AwaitState(bounded(t), client, sock.StateFinWait2))
	write(t, server, 5)
	require.NoError(t, sock.AwaitUnread(bounded(t), client, 5), "the other direction still carries bytes")

	require.NoError(t, server.Close())
	require.NoError(t, sock.AwaitState(bounded(t), client, sock.StateClose))
	i := inspect(t, client)
	assert.False(t, i.Remote.IsValid(), "the connection is over")
	assert.Equal(t, 5, i.Unread, "what came before is still there to be read")
}

func TestTheEndOfAStreamWaitsBehindItsBytes(t *testing.T) {
	onLinux(t)
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
	require.NoError(t, sock.AwaitState(bounded(t), client, sock.StateFinWait2))
}

func TestAResetLeavesASocketThatIsNotConnected(t *testing.T) {
	onLinux(t)
	client, server := pair(t)
	require.NoError(t, server.SetLinger(0))
	require.NoError(t, server.Close())
	require.NoError(t, sock.AwaitState(bounded(t), client, sock.StateClose))
	assert.False(t, inspect(t, client).Remote.IsValid())
	_, err := client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, syscall.ECONNRESET, "asking has not used up the error that a read returns")
}

func TestSetBacklogChangesTheLimitOfTheQueue(t *testing.T) {
	onLinux(t)
	l := listen(t)
	for _, n := range []int{1, 7, 0} {
		require.NoError(t, sock.SetBacklog(l, n))
		i := inspect(t, l)
		assert.Equal(t, n, i.BacklogMax)
		assert.True(t, i.Listening)
	}
}

func TestAConnectionThatFindsTheQueueFullWaitsInSynSent(t *testing.T) {
	onLinux(t)
	l := listen(t)
	require.NoError(t, sock.SetBacklog(l, 0)) // Linux lets in one more
	dial(t, l)
	require.NoError(t, sock.Await(bounded(t), func() (bool, error) {
		i, err := sock.Inspect(l)
		return i.Backlog == 1, err
	}))

	ctx, cancel := context.WithCancel(bounded(t))
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
	onLinux(t)
	l := listen(t)
	client := dial(t, l)
	assert.EqualError(t, sock.SetBacklog(client, 5), "sock: backlog: the socket is not listening")

	var refused error
	var after sock.Info
	dialer := net.Dialer{Control: func(_, _ string, rc syscall.RawConn) (err error) {
		refused = sock.SetBacklog(rc, 5)
		after, err = sock.InspectRaw(rc)
		return err
	}}
	c, err := dialer.DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	assert.ErrorContains(t, refused, "not listening")
	assert.False(t, after.Listening)
}

func TestAnMPTCPConnectionHasNoByteWhereItsStreamEnds(t *testing.T) {
	onLinux(t)
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
	unread := func(c *net.TCPConn, want int) {
		t.Helper()
		n, err := sock.Unread(c)
		require.NoError(t, err)
		assert.Equal(t, want, n)
	}

	client, server := multipath()
	assert.Equal(t, "MPTCP", inspect(t, server).Protocol)
	assert.Equal(t, sock.StateEstablished, inspect(t, server).State)
	unread(server, 0)
	write(t, client, 5)
	require.NoError(t, sock.AwaitUnread(bounded(t), server, 5))
	require.NoError(t, client.CloseWrite())
	unread(server, 5) // the end may be there or not
	_, err := io.ReadFull(server, make([]byte, 4))
	require.NoError(t, err)
	unread(server, 1)
	rest, err := io.ReadAll(server)
	require.NoError(t, err)
	assert.Len(t, rest, 1)
	unread(server, 0)

	client, server = multipath()
	require.NoError(t, server.SetLinger(0))
	require.NoError(t, server.Close())
	require.NoError(t, sock.AwaitState(bounded(t), client, sock.StateClose))
	unread(client, 0)
	_, err = client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, syscall.ECONNRESET, "asking has not used up the error that a read returns")
}

func TestUDPHasDatagramsAndNoState(t *testing.T) {
	onLinux(t)
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
	require.NoError(t, sock.AwaitUnread(bounded(t), pc, 20))
	assert.Equal(t, 20, inspect(t, pc).Unread, "the next datagram, not both")

	_, err = sock.State(pc)
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	_, err = sock.Unacked(pc)
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestIPv6(t *testing.T) {
	onLinux(t)
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
	onLinux(t)
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
	onLinux(t)
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
	onLinux(t)
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
	onLinux(t)
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
	"AwaitDrained": func(c any) error {
		return sock.AwaitDrained(context.Background(), c, c)
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
	assert.EqualError(t, err, "sock: inspect: *net.pipe: there is no socket of the kernel behind it")
}

func TestAFileIsNoSocket(t *testing.T) {
	onLinux(t)
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

func TestABarrierThatGivesUpSaysWhatWasThere(t *testing.T) {
	onLinux(t)
	client, server := pair(t)
	write(t, client, 20)
	require.NoError(t, sock.AwaitUnread(bounded(t), server, 20))
	require.NoError(t, sock.Await(bounded(t), func() (bool, error) {
		n, err := sock.Unacked(client)
		return n == 0, err
	}))
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
		{sock.AwaitDrained(ended(t), client, server),
			"sock: waiting for the reader to take all bytes: 0 were unacknowledged, 20 unread: context deadline exceeded"},
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
	onLinux(t)
	client, server := pair(t)
	write(t, client, 20)
	require.NoError(t, sock.AwaitUnread(bounded(t), server, 20))
	assert.NoError(t, sock.AwaitUnread(ended(t), server, 19), "it looks once even when there is no time left")
	assert.NoError(t, sock.AwaitState(ended(t), server, sock.StateListen, sock.StateEstablished))
	assert.NoError(t, sock.AwaitDrained(ended(t), server, client))
}

func TestABarrierEndsWithItsSocket(t *testing.T) {
	onLinux(t)
	client, _ := pair(t)
	result := make(chan error)
	ctx := bounded(t)
	go func() { result <- sock.AwaitUnread(ctx, client, 1) }()
	require.NoError(t, client.Close())
	assert.ErrorIs(t, <-result, net.ErrClosed)
}

func TestAskingDisturbsNobody(t *testing.T) {
	onLinux(t)
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

func TestAnInfoComesBackFromJSONAsItWas(t *testing.T) {
	infos := []sock.Info{{}, full}
	if runtime.GOOS == "linux" {
		fresh, l := inspectFresh(t, "tcp", "127.0.0.1:0")
		client := dial(t, l)
		infos = append(infos, fresh, inspect(t, l), inspect(t, client), inspect(t, accept(t, l)))
	}
	for _, want := range infos {
		text, err := json.Marshal(want)
		require.NoError(t, err)
		got := sock.Info{Local: full.Local, MSS: 5, NoDelay: true} // none of which may stay
		require.NoError(t, json.Unmarshal(text, &got), string(text))
		assert.Equal(t, want, got, string(text))
	}
}

func TestJSONSaysOnlyWhatWasTold(t *testing.T) {
	var i sock.Info
	require.NoError(t, json.Unmarshal([]byte(`{"fd":3,"family":"IPv4"}`), &i))
	assert.Equal(t, nothing(sock.Info{FD: 3, Family: "IPv4"}), i)
	text, err := json.Marshal(i)
	require.NoError(t, err)
	assert.Equal(t, `{"fd":3,"family":"IPv4"}`, string(text))

	text, err = json.Marshal(full)
	require.NoError(t, err)
	assert.JSONEq(t, `{"fd":7, "family":"IPv4", "type":"stream", "protocol":"TCP",
		"local":"127.0.0.1:9000", "remote":"127.0.0.1:41512", "listening":true, "state":"ESTABLISHED",
		"backlog":0, "backlog_max":4096, "mss":65483, "rtt_us":35, "retransmits":0, "unread":1, "unacked":20, "no_delay":true,
		"keep_alive":true, "keep_idle_s":15, "keep_interval_s":15, "keep_count":9,
		"recv_buffer":131072, "send_buffer":2626560}`, string(text))

	assert.Error(t, json.Unmarshal([]byte(`{"fd":"three"}`), &i))
}

// full is an Info with something in every field; no socket is like that.
var full = sock.Info{
	FD: 7, Family: "IPv4", Type: "stream", Protocol: "TCP",
	Local: netip.MustParseAddrPort("127.0.0.1:9000"), Remote: netip.MustParseAddrPort("127.0.0.1:41512"),
	Listening: true, State: sock.StateEstablished, BacklogMax: 4096, MSS: 65483, RTT: 35 * time.Microsecond,
	Unread: 1, Unacked: 20, NoDelay: true,
	KeepAlive: true, KeepIdle: 15 * time.Second, KeepInterval: 15 * time.Second, KeepCount: 9,
	RecvBuffer: 131072, SendBuffer: 2626560,
}

// nothing returns i with its numbers not told.
func nothing(i sock.Info) sock.Info {
	i.Backlog, i.BacklogMax, i.MSS, i.RTT, i.Retransmits, i.Unread, i.Unacked = -1, -1, -1, -1, -1, -1, -1
	i.KeepIdle, i.KeepInterval, i.KeepCount, i.RecvBuffer, i.SendBuffer = -1, -1, -1, -1, -1
	return i
}

func TestAnInfoIsOneLineForAPerson(t *testing.T) {
	fresh := nothing(sock.Info{FD: 3, Family: "IPv4", Type: "stream", State: sock.StateClose})
	fresh.MSS = 536
	listener := nothing(sock.Info{
		FD: 3, Family: "IPv4", Type: "stream", Local: full.Local, Listening: true, State: sock.StateListen,
	})
	untold := listener
	listener.Backlog, listener.BacklogMax = 0, 4096
	connection := full
	connection.Listening, connection.Backlog, connection.BacklogMax = false, -1, -1
	connection.Unread, connection.Unacked = 0, 0
	busy := connection
	busy.Unread, busy.Unacked, busy.NoDelay = 1, 20, false

	const line = "127.0.0.1:9000 <-> 127.0.0.1:41512, ESTABLISHED, MSS 65483, RTT 35µs"
	for _, test := range []struct {
		info sock.Info
		want string
	}{
		{fresh, "descriptor 3: IPv4 stream, no address yet, CLOSE"},
		{listener, "descriptor 3: IPv4 stream, 127.0.0.1:9000, LISTEN, 0 of 4096 waiting for accept"},
		{untold, "descriptor 3: IPv4 stream, 127.0.0.1:9000, LISTEN"},
		{connection, "descriptor 7: IPv4 stream, " + line + ", TCP_NODELAY on"},
		{busy, "descriptor 7: IPv4 stream, " + line + ", 1 byte unread, 20 bytes unacknowledged, TCP_NODELAY off"},
		{nothing(sock.Info{FD: 5, Type: "type 3"}), "descriptor 5: type 3"},
		{nothing(sock.Info{FD: 5}), "descriptor 5"},
	} {
		assert.Equal(t, test.want, test.info.String())
	}
}
