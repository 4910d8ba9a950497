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
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if c.srv.closing.Load() {
			return nil // silent after Shutdown: it has finished
		}
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

// send writes b whole.
func (c *conn) send(b []byte) error {
	n, err := c.Write(b)
	c.bytesOut += int64(n)
	c.writes++
	return err
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
	if err != nil {
		c.linger()
	}
	c.raw.Close()
	if c.srv.Recorder != nil {
		c.record(trace.Event{Ev: trace.Close, Text: fmt.Sprintf("%s in, %s; %s out, %s",
			trace.Bytes(c.bytesIn), trace.Count(c.reads, "read", "reads"), trace.Bytes(c.bytesOut), trace.Count(c.writes, "write", "writes"))})
	}
}

func (c *conn) endText() string {
	text := "nothing came since the shutdown: finished"
	if !c.srv.closing.Load() {
		text = "end of the stream: the client ended its side"
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

func (c *conn) record(e trace.Event) {
	e.Conn = c.id
	c.srv.record(e)
}
