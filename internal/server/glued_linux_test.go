package server_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"echolab/internal/labtest"
	"echolab/internal/netns"
	"echolab/internal/server"
	"echolab/internal/sock"
)

// A loaded listener returns a connection once what the test wants to come with the request has come.
type loaded struct {
	net.Listener
	t *testing.T
}

func (l loaded) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		err = sock.AwaitUnread(labtest.Bounded(l.t), c, 100<<10)
	}
	return c, err
}

// TestFramesThatComeWithTheRequestAreUnderTheLimits has clients send 240 KiB of frames with their request, and never
// read. In packets of 1,500 bytes the echo of that does not fit between server and client, as it does on loopback: the
// server must wait for them, and not for ever.
func TestFramesThatComeWithTheRequestAreUnderTheLimits(t *testing.T) {
	t.Parallel()
	netns.Test(t, func() {
		atServer, atClient := netip.MustParsePrefix("10.77.0.1/24"), netip.MustParsePrefix("10.77.0.2/24")
		here, err := netns.Here()
		require.NoError(t, err)
		there, err := netns.New()
		require.NoError(t, err)
		defer there.Close()
		require.NoError(t, netns.Connect("cable", 1500, here, atServer, there, atClient))

		ln, err := net.Listen("tcp", atServer.Addr().String()+":0")
		require.NoError(t, err)
		srv := &server.Server{
			IdleTimeout: time.Second, WriteTimeout: time.Second / 2, Web: &server.Web{Ping: -1},
		}
		serveUntilEnd(t, srv, loaded{ln, t})

		client := net.Dialer{Timeout: labtest.Watchdog, Control: func(_, _ string, rc syscall.RawConn) (err error) {
			controlErr := rc.Control(func(fd uintptr) {
				err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10)
			})
			return errors.Join(controlErr, err)
		}}
		const clients = 30
		request := askWebSocket + strings.Repeat(sends(0x82, strings.Repeat("x", 1000)), 240)
		for range clients {
			var c net.Conn
			require.NoError(t, there.Do(func() error {
				c, err = client.Dial("tcp", ln.Addr().String())
				return err
			}))
			defer c.Close()
			go io.WriteString(c, request)
		}
		labtest.Await(t, func() bool { return srv.Stats().Conns == clients }, "all connections")
		_ = sock.Await(labtest.Bounded(t), func() (bool, error) { return srv.Stats().Open == 0, nil })
		stats := srv.Stats()
		assert.Zero(t, stats.Open, "of %d connections", clients)
		assert.Equal(t, clients, stats.WebSocket)
		assert.Positive(t, stats.BytesIn-stats.BytesOut, "some of it could not be sent")
	})
}
