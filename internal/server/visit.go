package server

import (
	"bytes"
	"context"
	"errors"
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

	seen   []byte // with an account: what was read last
	seenAt int64  // its offset in the stream
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
	again := len(v.first) > 0 // counted already
	if n, err = v.replay.Read(p); n > 0 && !again {
		v.in.Add(int64(n))
		v.reads.Add(1)
	}
	if v.c.srv.Recorder != nil {
		v.remember(p[:n])
	}
	return n, err
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

// seenLimit bounds what is remembered of a request for the account.
const seenLimit = 32 << 10

func (v *visit) remember(b []byte) {
	if drop := len(v.seen) + len(b) - seenLimit; drop > 0 {
		drop = min(drop, len(v.seen))
		v.seen, v.seenAt = v.seen[drop:], v.seenAt+int64(drop)
	}
	v.seen = append(v.seen, b...)
}

// request is the last request, whose end lies unread bytes before what was read last, and its offset in the stream.
func (v *visit) request(unread int) (b []byte, offset int64) {
	b = v.seen[:max(0, len(v.seen)-unread)]
	if i := bytes.LastIndex(bytes.TrimSuffix(b, []byte("\r\n\r\n")), []byte("\r\n\r\n")); i >= 0 {
		return b[i+4:], v.seenAt + int64(i) + 4
	}
	return b, v.seenAt
}

// visit hands the connection to net/http, and returns when that is done with it: with an upgrade, or with nil.
func (c *conn) visit(first []byte) *upgrade {
	v := &visit{replay: replay{c.Conn, first}, c: c, over: make(chan *upgrade, 1)}
	c.disarm() // net/http sets deadlines of its own
	if !c.srv.web.handoff.give(v) {
		return nil // the server is closed
	}
	up := <-v.over
	v.settle()
	return up
}

// settle adds what the visit was to what is known of its connection.
func (v *visit) settle() {
	c := v.c
	c.lingers, c.stuck = v.refused.Load(), v.stuck.Load()
	c.bytesIn += v.in.Load()
	c.reads += uint32(v.reads.Load())
	c.bytesOut += v.out.Load()
	c.writes += uint32(v.writes.Load())
}
