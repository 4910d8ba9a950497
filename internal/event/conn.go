package event

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// Conn is a net.Conn that records each read and write: its offset, its size, its bytes and the time when it returned.
// Calls that moved no byte are not recorded.
type Conn struct {
	net.Conn
	rec     Recorder
	id      int
	side    Side
	read    atomic.Int64
	written atomic.Int64
}

// Wrap returns c with its reads and writes recorded as those of the given side of connection id. If rec is nil it
// returns c itself.
func Wrap(c net.Conn, rec Recorder, id int, side Side) net.Conn {
	if rec == nil {
		return c
	}
	return &Conn{Conn: c, rec: rec, id: id, side: side}
}

func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.record(Read, c.side.In(), &c.read, p[:n])
	return n, err
}

func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.record(Write, c.side.Out(), &c.written, p[:n])
	return n, err
}

func (c *Conn) record(ev Kind, dir Dir, offset *atomic.Int64, p []byte) {
	if len(p) == 0 {
		return
	}
	n := int64(len(p))
	c.rec.Record(Event{
		Time: time.Now(), Ev: ev, At: c.side, Conn: c.id, Dir: dir,
		Span: &Span{Off: offset.Add(n) - n, N: len(p)}, Bytes: p,
	})
}

// CloseWrite ends the stream that this side writes, if the connection below can.
func (c *Conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return fmt.Errorf("close the writing half of a %T: %w", c.Conn, errors.ErrUnsupported)
	}
	return half.CloseWrite()
}

// SyscallConn lets the kernel be asked about the socket below.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	sc, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("a %T has no socket: %w", c.Conn, errors.ErrUnsupported)
	}
	return sc.SyscallConn()
}
