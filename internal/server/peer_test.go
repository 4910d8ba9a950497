package server_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/sock"
	"echolab/internal/text"
)

// A spy is a listener that lets a test ask the kernel about the server's side of each connection.
type spy struct {
	net.Listener
	prepare  func(*net.TCPConn) // may be nil
	accepted chan *net.TCPConn
}

func (l *spy) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		tcp := c.(*net.TCPConn)
		if l.prepare != nil {
			l.prepare(tcp)
		}
		l.accepted <- tcp
	}
	return c, err
}

// served is a server that runs.
type served struct {
	*server.Server
	addr string
	spy  *spy
}

// serve runs srv on a port of its own until the test ends. The account, if there is one, is srv's Recorder.
func serve(t testing.TB, srv *server.Server, rec *labtest.Account) *served {
	t.Helper()
	return serveOn(t, srv, rec, nil)
}

func serveOn(t testing.TB, srv *server.Server, rec *labtest.Account, prepare func(*net.TCPConn)) *served {
	t.Helper()
	if rec != nil {
		srv.Recorder = rec
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &served{srv, ln.Addr().String(), &spy{ln, prepare, make(chan *net.TCPConn, 1024)}}
	serveUntilEnd(t, srv, s.spy)
	return s
}

// dial returns a connection whose reads and writes fail if they take longer than anything should.
func dial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(labtest.Watchdog)))
	return c.(*net.TCPConn)
}

// connect returns both ends of a new connection, the server's for questions only.
func (s *served) connect(t testing.TB) (client, atServer *net.TCPConn) {
	t.Helper()
	client = dial(t, s.addr)
	return client, <-s.spy.accepted
}

// webSocket returns a connection with the handshake done.
func (s *served) webSocket(t *testing.T) *net.TCPConn {
	t.Helper()
	c := dial(t, s.addr)
	shakeHands(t, c)
	return c
}

// shutDown begins a shutdown; what comes says how it ended.
func shutDown(t *testing.T, srv *server.Server) <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := srv.Shutdown(labtest.Bounded(t))
		ended <- err
	}()
	return ended
}

func write(t *testing.T, c net.Conn, b []byte) {
	t.Helper()
	_, err := c.Write(b)
	require.NoError(t, err)
}

// writeAlone writes, and waits until the server's program has read all of it: it comes with nothing else.
func writeAlone(t *testing.T, client, atServer *net.TCPConn, b []byte) {
	t.Helper()
	write(t, client, b)
	labtest.Await(t, func() bool { // the client first: what it has no more is in the server's queue or beyond
		unacked, err := sock.Unacked(client)
		require.NoError(t, err)
		unread, err := sock.Unread(atServer)
		require.NoError(t, err)
		return unacked == 0 && unread == 0
	}, "the reader to take all bytes")
}

// expect reads exactly what is wanted.
func expect(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(r, got)
	require.NoError(t, err, "after %d of %d bytes", n, len(want))
	require.True(t, bytes.Equal(want, got), "want %s, got %s", text.Quote(want, 64), text.Quote(got, 64))
}

// expectEnd reads the end of the stream: no byte, and no reset.
func expectEnd(t *testing.T, r io.Reader) {
	t.Helper()
	n, err := r.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	require.Zero(t, n)
}

// ping sends something and gets it back.
func ping(t *testing.T, c net.Conn) {
	t.Helper()
	write(t, c, []byte("ping\n"))
	expect(t, c, []byte("ping\n"))
}

// exchange writes data, half-closes, and meanwhile reads all that comes back until the stream ends.
func exchange(t *testing.T, c *net.TCPConn, data []byte) {
	t.Helper()
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(data)
		c.CloseWrite()
		sent <- err
	}()
	sum := sha256.New()
	n, err := io.Copy(sum, c)
	require.NoError(t, err)
	require.NoError(t, <-sent)
	require.EqualValues(t, len(data), n)
	want := sha256.Sum256(data)
	require.Equal(t, want[:], sum.Sum(nil))
}

// A dialect is a codec as the server has it and as its client has it, and messages that it can carry.
type dialect struct {
	name           string
	server, client framing.Codec
	messages       []string
}

var dialects = []dialect{
	{"lines", framing.Lines{}, framing.Lines{}, []string{"hello", "", "안녕하세요", "goodbye, TCP!"}},
	{"fixed", framing.Fixed(5), framing.Fixed(5), []string{"hello", "world", "again"}},
	{"length", framing.LengthPrefix{}, framing.LengthPrefix{}, []string{"hello", "", "안녕하세요", "good\nbye"}},
	{"websocket", framing.WebSocket{}, framing.WebSocket{Side: framing.ClientSide}, []string{"hello", "", "안녕하세요", "good\nbye"}},
}

// eachDialect runs a test for every codec.
func eachDialect(t *testing.T, test func(t *testing.T, d dialect)) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) { test(t, d) })
	}
}

// frame is a message as the client sends it.
func (d dialect) frame(t testing.TB, messages ...string) []byte {
	t.Helper()
	var stream []byte
	for _, msg := range messages {
		var err error
		stream, err = d.client.Append(stream, []byte(msg))
		require.NoError(t, err)
	}
	return stream
}

// expect reads messages as the client understands them.
func (d dialect) expect(t *testing.T, r *bufio.Reader, messages ...string) {
	t.Helper()
	for _, want := range messages {
		got, err := d.client.Read(r, 16<<20)
		require.NoError(t, err)
		require.True(t, want == string(got), "want %s, got %s", text.Quote([]byte(want), 64), text.Quote(got, 64))
	}
}
