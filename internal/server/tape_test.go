package server_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

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

func newTape(parts ...string) *tape { return &tape{parts: parts, closed: make(chan struct{})} }

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

func (c *tape) written() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.String()
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
