package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/sock"
	"echolab/internal/text"
)

// conn is one connection of a Server. Only its own goroutine uses it, but for raw, which Shutdown and Close reach. There
// may be very many that are idle, so it is small.
type conn struct {
	net.Conn // raw, or what TLS carries; with its reads and writes recorded where there is a Recorder
	raw      net.Conn
	tls      *tls.Conn // around raw, if the client began with that
	srv      *Server

	wait  time.Duration // for bytes to come
	armed time.Duration // when the deadlines were set, since epoch

	bytesIn, bytesOut, messages int64
	reads, writes               uint32
	id                          uint32
	place                       uint32 // in the server's list; the server's lock guards it

	webSocket atomic.Bool // it has become one, and need not be waited for when the server closes
	stuck     bool        // the client takes nothing
	lingers   bool        // the client may still be sending when we close
	gathers   bool        // its echo has begun: Glue is for that
	counts    counted     // as what, until it is a WebSocket
	away      bool        // a WebSocket that answered the Close 1001 of Shutdown
}

// counted is as what a connection counts in Stats: a byte, where a Protocol is 16.
type counted byte

const (
	asRaw counted = iota
	asHTTP
	asCustom
)

// epoch is where the time of armed begins: a duration takes less room than a time, and less time to get. It is 50 years
// ago, so that the clock of testing/synctest, which begins in 2000, is after it too.
var epoch = time.Now().Add(-50 * 365 * 24 * time.Hour)

func newConn(s *Server, nc net.Conn, id int) *conn {
	c := &conn{Conn: s.wrap(nc, nc, id), raw: nc, srv: s, id: uint32(id)}
	c.await(orDefault(s.IdleTimeout, DefaultIdleTimeout))
	return c
}

// await changes how long the connection waits for bytes.
func (c *conn) await(d time.Duration) {
	c.wait = d
	c.disarm()
}

// disarm makes the next arm set the deadlines anew.
func (c *conn) disarm() { c.armed = never }

// never is long before epoch.
const never = time.Duration(math.MinInt64 / 2)

// echo runs until the client has ended its side and got everything back (nil), or until something else ends it; or
// until it has become a WebSocket, which goes on from there.
func (c *conn) echo() (ws *session, err error) {
	defer caught(&err)
	c.arm() // from here on there is always a deadline
	if in := c.newInput(); c.srv.Web == nil {
		err = c.echoRaw(in, nil)
	} else {
		ws, err = c.serveAny(in)
	}
	return ws, err
}

// An ending is an error that ends a connection as it should be, and says how.
type ending string

func (e ending) Error() string { return string(e) }

// The endings; a nil error stands for the first.
const (
	endOfStream = ending("end of the stream: the client ended its side")
	endSilent   = ending("nothing came since the shutdown: finished")
	endCustom   = ending("the program is done with the connection")
	endHTTP     = ending("HTTP is done with the connection")
	endClosed   = ending("the close handshake is done, and the server closes first")
	endNoClose  = ending("end of the stream without a Close: 1006")
	endUnsaid   = ending("the client reset the connection before it said anything, as those do that only look who listens")
)

// verdict is what an error means that ended the connection: an ending, or what went wrong.
func (c *conn) verdict(err error) (how ending, failed error) {
	switch closing := c.srv.closing.Load(); {
	case err == nil:
		return endOfStream, nil
	case errors.As(err, &how):
		return how, nil
	case c.bytesIn == 0 && errors.Is(err, syscall.ECONNRESET):
		return endUnsaid, nil
	case closing && errors.Is(err, os.ErrDeadlineExceeded) && !c.stuck:
		return endSilent, nil
	case closing && errors.Is(err, net.ErrClosed):
		return "", errors.New("closed with the server, before its echo had finished")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "", c.overdue()
	}
	return "", err
}

// overdue is the error for a deadline that was missed.
func (c *conn) overdue() error {
	if c.stuck {
		limit := LimitIdle
		if c.srv.WriteTimeout > 0 {
			limit = LimitWrite
		}
		return &LimitError{limit, fmt.Sprintf("the client took nothing for %v: cut off", c.srv.writeTimeout())}
	}
	return &LimitError{LimitIdle, fmt.Sprintf("nothing came for %v: closed", c.wait)}
}

// echoRaw echoes bytes, or messages of the server's codec. The first of them were read already.
func (c *conn) echoRaw(in input, first []byte) error {
	c.gathers = true
	if framing.Marks(c.srv.Codec) {
		return c.echoMessages(first)
	}
	return c.echoBytes(in, first)
}

// arm puts off the deadlines of the next read and write. To set one costs more than to look at the clock, so they are
// set a sixteenth late and stay for as long; while the server shuts down the read's is short and exact.
func (c *conn) arm() {
	now := time.Since(epoch)
	patience := c.srv.writeTimeout()
	slack := min(c.wait, patience) / 16
	closing := c.srv.closing.Load()
	if !closing && now-c.armed < slack {
		return
	}
	c.armed = now
	at := epoch.Add(now + slack)
	c.raw.SetReadDeadline(at.Add(c.wait))
	c.raw.SetWriteDeadline(at.Add(patience))
	// Asked again: a Shutdown that came between has set a deadline that was just overwritten.
	if closing || c.srv.closing.Load() {
		c.hurry()
	}
}

// overdueAt is when the read's deadline is that arm has set, since epoch.
func (c *conn) overdueAt() time.Duration {
	return c.armed + min(c.wait, c.srv.writeTimeout())/16 + c.wait
}

// resume sets the read's deadline again to when arm had set it.
func (c *conn) resume() {
	if c.armed == never {
		c.arm()
		return
	}
	c.raw.SetReadDeadline(epoch.Add(c.overdueAt()))
	if c.srv.closing.Load() { // after the deadline, as in arm
		c.hurry()
	}
}

// hurry bounds what the connection waits for once the server closes. It may be called from anywhere.
func (c *conn) hurry() {
	at := time.Now()
	if !c.webSocket.Load() {
		at = at.Add(quiet)
	}
	c.raw.SetReadDeadline(at)
}

// send writes b whole, however slowly the client takes it, unless it takes nothing at all for the server's WriteTimeout.
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
		c.raw.SetWriteDeadline(time.Now().Add(c.srv.writeTimeout()))
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
func (c *conn) end(how ending, err error) {
	if c.srv.Recorder != nil {
		if err == nil {
			c.record(event.Event{Ev: event.End, Text: c.endText(how)})
		} else {
			c.record(event.Event{Ev: event.Failed, Text: c.srv.explain(err)})
		}
	}
	switch {
	case c.stuck:
		c.reset()
	case err != nil || c.lingers:
		c.linger()
	case c.tls != nil:
		// TLS has an end of its own, without which the client cannot know that it is the end.
		if errors.Is(c.tls.CloseWrite(), os.ErrDeadlineExceeded) {
			c.reset()
		}
	}
	c.raw.Close()
	if c.srv.Recorder != nil {
		c.record(event.Event{Ev: event.Close, Text: fmt.Sprintf("%s in, %s; %s out, %s",
			text.Bytes(c.bytesIn), text.Count(int(c.reads), "read", "reads"), text.Bytes(c.bytesOut), text.Count(int(c.writes), "write", "writes"))})
	}
}

func (c *conn) endText(how ending) string {
	text := string(how)
	if state, err := sock.State(c.raw); err == nil {
		text += "; state " + state
	}
	return text
}

// The bounds of linger.
const (
	lingerTime  = time.Second     // in which nothing comes
	lingerTotal = 5 * time.Second // whatever comes
)

// linger ends our side and takes what is still coming, for a while: a close with unread input would reset the
// connection, and the client would lose echoes that it has not read yet, and never see why. Who sends a message that is
// far too long may read only after it.
func (c *conn) linger() {
	if c.closeWrite() != nil {
		return
	}
	b := make([]byte, 16<<10)
	for end := time.Now().Add(lingerTotal); ; {
		wait := min(lingerTime, time.Until(end))
		c.raw.SetReadDeadline(time.Now().Add(wait))
		if _, err := c.raw.Read(b); err != nil {
			return
		}
	}
}

// closeWrite ends our side of the connection, and says so inside of TLS too.
func (c *conn) closeWrite() error {
	if c.tls != nil {
		if err := c.tls.CloseWrite(); errors.Is(err, os.ErrDeadlineExceeded) {
			return err // it takes nothing
		}
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

func (c *conn) record(e event.Event) {
	e.Conn = int(c.id)
	c.srv.record(e)
}
