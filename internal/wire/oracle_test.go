package wire_test

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/proc"
	"echolab/internal/tshark"
)

func TestMain(m *testing.M) {
	status := m.Run()
	proc.Cleanup()
	os.Exit(status)
}

// mebibyte is a file whose one line is that long.
func mebibyte(t *testing.T) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "mebibyte")
	require.NoError(t, os.WriteFile(file, bytes.Repeat([]byte("0123456789abcdef"), 1<<16), 0o600))
	return file
}

// What the lab's own programs send to each other is read as tshark reads it.
func TestProgramsOnTheWireAreReadAsTsharkReadsThem(t *testing.T) {
	type args []string
	for _, c := range []struct {
		name           string
		server, client args
		frames         int
	}{
		{name: "raw", client: args{}},
		{name: "lines", server: args{"-codec", "lines"}, client: args{"-codec", "lines"}},
		{name: "raw, glued", client: args{"-glue"}},
		{name: "raw, a byte a write", client: args{"-chunk", "1"}},
		{name: "a mebibyte", server: args{"-codec", "lines"}, client: args{"-codec", "lines", "-file", mebibyte(t)}},

		// Three messages, their echoes, two Closes.
		{name: "WebSocket", client: args{"-ws"}, frames: 8},
		{name: "WebSocket, glued", client: args{"-ws", "-glue"}, frames: 8},
		{name: "WebSocket, a byte a write", client: args{"-ws", "-chunk", "1"}, frames: 8},
		{name: "WebSocket, compressed", server: args{"-compress"}, client: args{"-ws", "-compress"}, frames: 8},
		// The messages in ten frames, nine Pings and Pongs between them, three echoes, two Closes.
		{name: "WebSocket, fragments and Pings", client: args{"-ws", "-fragment", "4", "-ping"}, frames: 33},
		{name: "WebSocket, fragments and Pings, glued",
			client: args{"-ws", "-fragment", "4", "-ping", "-glue"}, frames: 33},
		{name: "WebSocket, fragments, compressed",
			server: args{"-compress"}, client: args{"-ws", "-compress", "-fragment", "4"}},
		{name: "WebSocket, a mebibyte", client: args{"-ws", "-file", mebibyte(t)}},
		{name: "WebSocket, TLS", server: args{"-tls", "self-signed"}, client: args{"-ws", "-tls", "-insecure"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := proc.StartServer(t, "wsserver", c.server...)
			addr := netip.MustParseAddrPort(server.Addr)
			recording := tshark.Record(t, addr.Port())
			client := proc.Run(t, "tcpclient", append(args{"-addr", server.Addr}, c.client...)...)
			require.Zero(t, client.Status, client.Stderr)
			require.Zero(t, server.Stop().Status)
			counts := tshark.CompareLive(t, recording.End())
			assert.Equal(t, 2, counts.Connections, "the client's, and the last one")
			assert.Positive(t, counts.Segments)
			if c.frames > 0 {
				assert.Equal(t, c.frames, counts.Frames)
			}
		})
	}
}

// How a connection ends, and how many there are, makes no difference.
func TestConnectionsOnTheWireAreReadAsTsharkReadsThem(t *testing.T) {
	t.Run("half-close", func(t *testing.T) {
		counts := recorded(t, func(t *testing.T, addr string) {
			conn := dial(t, addr)
			send(t, conn, "half")
			require.NoError(t, conn.CloseWrite())
			echo, err := io.ReadAll(conn)
			require.NoError(t, err)
			assert.Equal(t, "half", string(echo))
		})
		assert.Equal(t, 2, counts.Segments)
	})
	t.Run("RST", func(t *testing.T) {
		counts := recorded(t, func(t *testing.T, addr string) {
			conn := dial(t, addr)
			send(t, conn, "gone")
			_, err := io.ReadFull(conn, make([]byte, len("gone")))
			require.NoError(t, err)
			require.NoError(t, conn.SetLinger(0))
			require.NoError(t, conn.Close())
		})
		assert.Equal(t, 2, counts.Segments)
	})
	t.Run("many at once", func(t *testing.T) {
		const conns, each = 40, 5 // as many packets as tcpdump has room for
		counts := recorded(t, func(t *testing.T, addr string) {
			var all sync.WaitGroup
			for range conns {
				all.Go(func() { talk(t, addr, each) })
			}
			all.Wait()
		})
		assert.Equal(t, conns+1, counts.Connections)
		assert.Equal(t, 2*conns*each, counts.Segments, "each of them waits for its echo")
	})
}

// recorded has something happen to an echo server and compares the capture of it.
func recorded(t *testing.T, happen func(t *testing.T, addr string)) tshark.Counts {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := listener.Addr().String()
	recording := tshark.Record(t, netip.MustParseAddrPort(addr).Port())
	var server sync.WaitGroup
	server.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			server.Go(func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn) // which may end with a RST
			})
		}
	})
	happen(t, addr)
	file := recording.End()
	require.NoError(t, listener.Close())
	server.Wait()
	return tshark.CompareLive(t, file)
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	return conn.(*net.TCPConn)
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(conn, text)
	require.NoError(t, err)
}

// talk sends messages and waits for the echo of each.
func talk(t *testing.T, addr string, messages int) {
	conn, err := net.Dial("tcp", addr)
	if !assert.NoError(t, err) {
		return
	}
	defer conn.Close()
	if !assert.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second))) {
		return
	}
	message := []byte("a message")
	for range messages {
		_, err := conn.Write(message)
		assert.NoError(t, err)
		_, err = io.ReadFull(conn, make([]byte, len(message)))
		assert.NoError(t, err)
	}
}
