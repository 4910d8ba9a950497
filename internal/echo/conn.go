package echo

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
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
	idle     time.Duration
	armed    time.Time // when the deadline was set
	stuck    bool      // the client takes nothing
	silent   bool      // the client sends nothing, and the server is to end

	bytesIn, bytesOut, messages int64
	reads, writes               int
}

func newConn(s *Server, nc net.Conn, id int) *conn {
	return &conn{
		Conn: trace.Wrap(nc, s.Recorder, id, trace.Server), raw: nc, srv: s, id: id,
		idle: orDefault(s.IdleTimeout, DefaultIdleTimeout),
	}
}

// echo runs until the client has ended its side and got everything back (nil), or until something else ends it.
func (c *conn) echo() (err error) {
	defer caught(&err)
	switch c.srv.Codec.(type) {
	case nil, framing.Raw:
		err = c.echoBytes()
	default:
		err = c.echoMessages()
	}
	switch closing := c.srv.closing.Load(); {
	case closing && errors.Is(err, os.ErrDeadlineExceeded) && !c.stuck:
		c.silent = true // after Shutdown: it has finished
		return nil
	case closing && errors.Is(err, net.ErrClosed):
		err = errors.New("closed with the server, before its echo had finished")
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("nothing could be read or written for %v: closed (-idle-timeout)", c.idle)
	}
	return err
}

// arm puts off the deadline of the next read and write. To set it costs more than to look at the clock, so it is set
// a sixteenth late and stays for as long; while the server shuts down it is short and exact.
func (c *conn) arm() {
	now := time.Now()
	slack := c.idle / 16
	closing := c.srv.closing.Load()
	if !closing && now.Sub(c.armed) < slack {
		return
	}
	c.armed = now
	c.raw.SetDeadline(now.Add(c.idle + slack))
	// Asked again: a Shutdown that came between has set a deadline that was just overwritten.
	if closing || c.srv.closing.Load() {
		c.raw.SetReadDeadline(now.Add(quiet))
	}
}

// send writes b whole, however slowly the client takes it, unless it takes nothing at all for c.idle.
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
	case err != nil:
		c.linger()
	}
	c.raw.Close()
	if c.srv.Recorder != nil {
		c.record(trace.Event{Ev: trace.Close, Text: fmt.Sprintf("%s in, %s; %s out, %s",
			trace.Bytes(c.bytesIn), trace.Count(c.reads, "read", "reads"), trace.Bytes(c.bytesOut), trace.Count(c.writes, "write", "writes"))})
	}
}

func (c *conn) endText() string {
	text := "end of the stream: the client ended its side"
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
	half, ok := c.raw.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	c.raw.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.Copy(io.Discard, io.LimitReader(struct{ io.Reader }{c.raw}, lingerBytes))
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
