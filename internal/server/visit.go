package server

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"echolab/internal/deflate"
)

// A visit is a connection as net/http has it: the bytes that decided for HTTP come first, and its end is told to the
// connection's own goroutine, which waits for it.
type visit struct {
	replay // the connection, recorded
	c      *conn
	over   chan *upgrade // one value, at the end
	once   sync.Once

	refused atomic.Bool // a handshake, after which the client may still be sending
	stuck   atomic.Bool // the client takes nothing

	in, out       atomic.Int64
	reads, writes atomic.Int64

	idle   atomic.Bool           // between two requests
	broken atomic.Pointer[error] // the network's, inside a request or its answer
	heads  *heads                // with an account
}

// An upgrade is a connection that has become a WebSocket: what net/http leaves of it.
type upgrade struct {
	request  *http.Request
	program  Program
	key      string
	response []byte // the 101
	pending  []byte // bytes that came after the request
	deflate  *deflate.Params
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit { return ctx.Value(visitKey{}).(*visit) }

func (v *visit) Read(p []byte) (n int, err error) {
	first := v.first // counted already
	if n, err = v.replay.Read(p); n > 0 && len(first) == 0 {
		v.in.Add(int64(n))
		v.reads.Add(1)
	}
	v.noteBroken(err)
	if n == 0 {
		return 0, err
	}
	v.idle.Store(false)
	if v.heads == nil {
		return n, err
	}
	if m := v.heads.take(p[:n]); m < n { // what follows comes with the next read
		if len(first) > 0 {
			v.first = first[m:]
		} else {
			v.first = bytes.Clone(p[m:n])
		}
		return m, nil
	}
	return n, err
}

// noteBroken keeps an error of the network's that comes inside a request or its answer.
func (v *visit) noteBroken(err error) {
	if op := (*net.OpError)(nil); errors.As(err, &op) && !op.Timeout() && !errors.Is(err, net.ErrClosed) && !v.idle.Load() {
		v.broken.CompareAndSwap(nil, &err)
	}
}

// Write writes b whole, however slowly the client takes it, unless it takes nothing at all for the server's WriteTimeout.
func (v *visit) Write(b []byte) (n int, err error) {
	for {
		v.c.raw.SetWriteDeadline(time.Now().Add(v.c.srv.writeTimeout()))
		m, err := v.Conn.Write(b[n:])
		if m > 0 {
			n += m
			v.out.Add(int64(m))
			v.writes.Add(1)
		}
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			v.noteBroken(err)
			return n, err
		}
		if m == 0 {
			v.stuck.Store(true)
			return n, err
		}
	}
}

// SetWriteDeadline is not for handlers: the server's WriteTimeout is, for every write.
func (v *visit) SetWriteDeadline(time.Time) error { return http.ErrNotSupported }

// CloseWrite is what net/http asks for when a client may still be sending.
func (v *visit) CloseWrite() error { return v.c.closeWrite() }

// Close ends the visit, and with it the connection.
func (v *visit) Close() error {
	v.leave(nil)
	return nil // the goroutine that waits closes it
}

// leave ends the visit once, with an upgrade or without.
func (v *visit) leave(up *upgrade) {
	v.once.Do(func() { v.over <- up })
}

// visit hands the connection to net/http, and returns when that is done with it: with an upgrade, or with how it ended.
func (c *conn) visit(first []byte) (*upgrade, error) {
	v := &visit{replay: replay{c.Conn, first}, c: c, over: make(chan *upgrade, 1)}
	if c.srv.Recorder != nil {
		v.heads = &heads{limit: c.srv.web.MaxHeaderBytes + headerSlack, empty: true}
	}
	c.disarm() // net/http sets deadlines of its own
	if !c.srv.web.handoff.give(v) {
		return nil, endHTTP // the server is closed
	}
	up := <-v.over
	v.settle()
	switch broken := v.broken.Load(); {
	case up != nil:
		return up, nil
	case c.stuck:
		return nil, c.overdue()
	case broken != nil:
		return nil, *broken
	}
	return nil, endHTTP
}

// headerSlack is how many bytes of a header net/http allows beyond its limit.
const headerSlack = 4 << 10

// settle adds what the visit was to what is known of its connection.
func (v *visit) settle() {
	c := v.c
	c.lingers, c.stuck = v.refused.Load(), v.stuck.Load()
	c.bytesIn += v.in.Load()
	c.reads += uint32(v.reads.Load())
	c.bytesOut += v.out.Load()
	c.writes += uint32(v.writes.Load())
}
