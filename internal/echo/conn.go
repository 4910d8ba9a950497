package echo

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"echolab/framing"
	"echolab/internal/sock"
	"echolab/internal/trace"
)

// conn is one connection of a Server. Only its own goroutine uses it, but for raw, which Shutdown and Close reach.
type conn struct {
	net.Conn // raw, with its reads and writes recorded where there is a Recorder
	raw      net.Conn
	srv      *Server
	id       int
	tls      *tls.Conn // around raw, if the client began with that
	protocol Protocol

	wait     time.Duration // for bytes to come
	patience time.Duration // for the client to take something
	slack    time.Duration
	armed    time.Time    // when the deadlines were set
	grace    atomic.Int64 // a time.Duration: for bytes to come once the server closes
	stuck    bool         // the client takes nothing
	silent   bool         // the client sends nothing, and the server is to end
	lingers  bool         // the client may still be sending when we close
	how      string       // a WebSocket ended, for the account
	away     bool         // a WebSocket that answered the Close 1001 of Shutdown

	bytesIn, bytesOut, messages int64
	reads, writes               int
}

func newConn(s *Server, nc net.Conn, id int) *conn {
	c := &conn{
		Conn: trace.Wrap(nc, s.Recorder, id, trace.Server), raw: nc, srv: s, id: id, protocol: Raw,
		patience: s.writeTimeout(),
	}
	c.await(orDefault(s.IdleTimeout, DefaultIdleTimeout))
	c.grace.Store(int64(quiet))
	return c
}

// await changes how long the connection waits for bytes.
func (c *conn) await(d time.Duration) {
	c.wait, c.slack, c.armed = d, min(d, c.patience)/16, time.Time{}
}

// echo runs until the client has ended its side and got everything back (nil), or until something else ends it.
func (c *conn) echo() (err error) {
	defer caught(&err)
	if in := c.newInput(); c.srv.Web == nil {
		err = c.echoRaw(in, nil)
	} else {
		err = c.serveAny(in)
	}
	switch closing := c.srv.closing.Load(); {
	case closing && errors.Is(err, os.ErrDeadlineExceeded) && !c.stuck:
		c.silent = true // after Shutdown: it has finished
		return nil
	case closing && errors.Is(err, net.ErrClosed):
		err = errors.New("closed with the server, before its echo had finished")
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = c.overdue()
	}
	return err
}

// overdue is the error for a deadline that was missed.
func (c *conn) overdue() error {
	if c.stuck {
		return fmt.Errorf("the client took nothing for %v: cut off (%s)", c.patience, c.srv.writeFlag())
	}
	return fmt.Errorf("nothing came for %v: closed (-idle-timeout)", c.wait)
}

// echoRaw echoes bytes, or messages of the server's codec. The first of them were read already.
func (c *conn) echoRaw(in input, first []byte) error {
	switch c.srv.Codec.(type) {
	case nil, framing.Raw:
		return c.echoBytes(in, first)
	}
	return c.echoMessages(first)
}

// arm puts off the deadlines of the next read and write. To set one costs more than to look at the clock, so they are
// set a sixteenth late and stay for as long; while the server shuts down the read's is short and exact.
func (c *conn) arm() {
	now := time.Now()
	closing := c.srv.closing.Load()
	if !closing && now.Sub(c.armed) < c.slack {
		return
	}
	c.armed = now
	c.raw.SetReadDeadline(now.Add(c.wait + c.slack))
	c.raw.SetWriteDeadline(now.Add(c.patience + c.slack))
	// Asked again: a Shutdown that came between has set a deadline that was just overwritten.
	if closing || c.srv.closing.Load() {
		c.hurry()
	}
}

// hurry bounds what the connection waits for once the server closes. It may be called from anywhere.
func (c *conn) hurry() { c.raw.SetReadDeadline(time.Now().Add(time.Duration(c.grace.Load()))) }

// send writes b whole, however slowly the client takes it, unless it takes nothing at all for c.patience.
func (c *conn) send(b []byte) error {
	for fresh := false; ; fresh = true {
		n, err := c.Write(b)
		if n > 0 {
			c.bytesOut += int64(n)
			c.writes++
		}
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if n == 0 && fresh {
			c.stuck = true
			return err
		}
		// Something moved, or the deadline was what a read before had left of it.
		b = b[n:]
		c.arm()
	}
}

// received counts a read.
func (c *conn) received(n int) {
	if n > 0 {
		c.bytesIn += int64(n)
		c.reads++
	}
}

// end tells how the connection ended, and closes it.
func (c *conn) end(err error) {
	if c.srv.Recorder != nil {
		if err == nil {
			c.record(trace.Event{Ev: trace.End, Text: c.endText()})
		} else {
			c.record(trace.Event{Ev: trace.Failed, Text: err.Error()})
		}
	}
	switch {
	case c.stuck:
		c.reset()
	case err != nil || c.lingers:
		c.linger()
	case c.tls != nil:
		_ = c.tls.CloseWrite() // TLS has an end of its own, without which the client cannot know that it is the end
	}
	c.raw.Close()
	if c.srv.Recorder != nil {
		c.record(trace.Event{Ev: trace.Close, Text: fmt.Sprintf("%s in, %s; %s out, %s",
			trace.Bytes(c.bytesIn), trace.Count(c.reads, "read", "reads"), trace.Bytes(c.bytesOut), trace.Count(c.writes, "write", "writes"))})
	}
}

func (c *conn) endText() string {
	text := "end of the stream: the client ended its side"
	if c.how != "" {
		text = c.how
	}
	if c.silent {
		text = "nothing came since the shutdown: finished"
	}
	if state, err := sock.State(c.raw); err == nil {
		text += "; state " + state
	}
	return text
}

// The bounds of linger.
const (
	lingerTime  = time.Second
	lingerBytes = 1 << 20
)

// linger ends our side and takes what is still coming, within bounds: a close with unread input would reset the
// connection, and the client would lose echoes that it has not read yet, and never see why.
func (c *conn) linger() {
	if c.closeWrite() != nil {
		return
	}
	c.raw.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.Copy(io.Discard, io.LimitReader(struct{ io.Reader }{c.raw}, lingerBytes))
}

// closeWrite ends our side of the connection, and says so inside of TLS too.
func (c *conn) closeWrite() error {
	if c.tls != nil {
		_ = c.tls.CloseWrite()
	}
	half, ok := c.raw.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// reset makes of the close that follows a reset: in good order, the kernel would keep what the client does not take,
// for as long as the client lives.
func (c *conn) reset() {
	if tcp, ok := c.raw.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0)
	}
}

func (c *conn) record(e trace.Event) {
	e.Conn = c.id
	c.srv.record(e)
}
