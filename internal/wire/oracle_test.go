package wire_test

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli/clitest"
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

// What the lab's own programs send to each other is read as tshark reads it. All of it is one capture, because it takes
// tcpdump and tshark longer to begin than to read.
func TestProgramsOnTheWireAreReadAsTsharkReadsThem(t *testing.T) {
	type args = []string
	runs := []struct {
		server  args
		clients []args
	}{
		{args{}, []args{
			{}, {"-glue"}, {"-chunk", "1"},
			{"-ws"}, {"-ws", "-glue"}, {"-ws", "-chunk", "1"}, {"-ws", "-file", mebibyte(t)},
			{"-ws", "-fragment", "4", "-ping"}, {"-ws", "-fragment", "4", "-ping", "-glue"},
		}},
		{args{"-codec", "lines"}, []args{{"-codec", "lines"}, {"-codec", "lines", "-file", mebibyte(t)}}},
		{args{"-compress"}, []args{{"-ws", "-compress"}, {"-ws", "-compress", "-fragment", "4"}}},
		{args{"-tls", "self-signed"}, []args{{"-ws", "-tls", "-insecure"}}},
	}
	var servers []*proc.Server
	var ports []uint16
	for _, run := range runs {
		server := proc.StartServer(t, "wsserver", run.server...)
		servers = append(servers, server)
		ports = append(ports, netip.MustParseAddrPort(server.Addr).Port())
	}
	recording := tshark.Record(t, ports...)
	connections, frames := 1, 0 // the last one is the recording's own
	for i, run := range runs {
		for _, client := range run.clients {
			out := proc.Run(t, "tcpclient", append(args{"-json", "-addr", servers[i].Addr}, client...)...)
			require.Zero(t, out.Status, "%v: %s", client, out.Stderr)
			connections++
			if result := clitest.LastLine(t, out.Stdout); result["websocket"] == true && !slices.Contains(client, "-tls") {
				frames += int(result["frames_sent"].(float64) + result["frames_received"].(float64))
			}
		}
	}
	file := recording.End()
	for _, server := range servers {
		require.Zero(t, server.Stop().Status)
	}
	counts := tshark.CompareLive(t, file)
	assert.Equal(t, connections, counts.Connections)
	assert.Positive(t, counts.Segments)
	assert.Equal(t, frames, counts.Frames, "as the clients have counted them")
}

// How a connection ends, and how many there are, makes no difference.
func TestConnectionsOnTheWireAreReadAsTsharkReadsThem(t *testing.T) {
	const conns, each = 40, 5 // no more packets than tcpdump has room for
	addr := echoServer(t)
	// Without large packets there is room for many: some 2,000.
	recording := tshark.RecordWith(t, []string{"-i", "lo", "-s", "9000", "-B", "32768"}, netip.MustParseAddrPort(addr).Port())
	halfClose(t, addr)
	reset(t, addr)
	var many sync.WaitGroup
	for range conns {
		many.Go(func() { talk(t, addr, each) })
	}
	many.Wait()
	counts := tshark.CompareLive(t, recording.End())
	assert.Equal(t, 2+conns+1, counts.Connections, "the last one is the recording's own")
	assert.Equal(t, 2+2+2*conns*each, counts.Segments, "each of them waits for its echo")
}

// echoServer runs one until the test is over.
func echoServer(t *testing.T) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
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
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		server.Wait()
	})
	return listener.Addr().String()
}

func halfClose(t *testing.T, addr string) {
	t.Helper()
	conn := dial(t, addr)
	send(t, conn, "half")
	require.NoError(t, conn.CloseWrite())
	echo, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, "half", string(echo))
}

func reset(t *testing.T, addr string) {
	t.Helper()
	conn := dial(t, addr)
	send(t, conn, "gone")
	_, err := io.ReadFull(conn, make([]byte, len("gone")))
	require.NoError(t, err)
	require.NoError(t, conn.SetLinger(0))
	require.NoError(t, conn.Close())
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
