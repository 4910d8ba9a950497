package server_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/server"
)

// accepted is what a call of Accept returns.
type accepted struct {
	conn net.Conn
	err  error
}

// A desk is a listener that gets its connections, and its errors, from the test.
type desk struct {
	next   chan accepted
	closed chan struct{}
	once   sync.Once
}

func newDesk(results ...accepted) *desk {
	d := &desk{next: make(chan accepted, len(results)), closed: make(chan struct{})}
	for _, r := range results {
		d.next <- r
	}
	return d
}

func (d *desk) Accept() (net.Conn, error) {
	select {
	case r := <-d.next:
		return r.conn, r.err
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

func (d *desk) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

func (d *desk) Addr() net.Addr { return new(net.TCPAddr) }

// serveDesk runs a server until the test ends; in a bubble, inside of it.
func serveDesk(t testing.TB, srv *server.Server) *desk {
	d := newDesk()
	serveUntilEnd(t, srv, d)
	return d
}

func serveUntilEnd(t testing.TB, srv *server.Server, ln net.Listener) {
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	t.Cleanup(func() {
		srv.Close()
		assert.ErrorIs(t, <-done, server.ErrServerClosed)
	})
}

// inBubble runs a subtest whose clock goes on only when everybody waits.
func inBubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// dial returns the client's end of a pipe, which holds nothing on its way: every write waits for its reader.
func (d *desk) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := d.connect()
	require.NoError(t, err)
	return c
}

// webSocket is dial, with the handshake done.
func (d *desk) webSocket(t *testing.T) net.Conn {
	t.Helper()
	c := d.dial(t)
	shakeHands(t, c)
	return c
}

func (d *desk) connect() (net.Conn, error) {
	client, atServer := net.Pipe()
	select {
	case d.next <- accepted{conn: atServer}:
		return client, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// play plays a tape to the server and returns what came back.
func (d *desk) play(t *testing.T, parts ...string) string {
	t.Helper()
	c := &tape{parts: parts, closed: make(chan struct{})}
	d.next <- accepted{conn: c}
	<-c.closed
	require.False(t, c.late, "something was sent after the end")
	return c.out.String()
}

// A tape is a connection whose client said all that it will say beforehand: each read gets one part of it, or what has
// room, and after the last the end of the stream. What is written is kept.
type tape struct {
	mu     sync.Mutex
	parts  []string
	out    strings.Builder
	ended  bool          // the server has ended its side
	late   bool          // and wrote after that
	closed chan struct{} // by the server
	once   sync.Once
}

func (c *tape) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.parts) > 0 && c.parts[0] == "" {
		c.parts = c.parts[1:]
	}
	if len(c.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.parts[0])
	c.parts[0] = c.parts[0][n:]
	return n, nil
}

func (c *tape) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = c.late || c.ended
	return c.out.Write(p)
}

func (c *tape) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	return nil
}

func (c *tape) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

func (c *tape) LocalAddr() net.Addr              { return new(net.TCPAddr) }
func (c *tape) RemoteAddr() net.Addr             { return new(net.TCPAddr) }
func (c *tape) SetDeadline(time.Time) error      { return nil }
func (c *tape) SetReadDeadline(time.Time) error  { return nil }
func (c *tape) SetWriteDeadline(time.Time) error { return nil }
