package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"echolab/internal/event"
)

// serveAny finds out what the client speaks, and serves that. A WebSocket is returned when its handshake is over.
func (c *conn) serveAny(in input) (*session, error) {
	p, first, err := c.sniff(in)
	if err != nil {
		return nil, err
	}
	if p == tlsHello {
		return c.serveTLS(first)
	}
	return c.serveAs(p, in, first)
}

// serveAs serves a client of which is known what it speaks. The first bytes were read already.
func (c *conn) serveAs(p Protocol, in input, first []byte) (*session, error) {
	if custom := c.srv.Web.custom(p); custom != nil {
		first = bytes.Clone(first)
		in.release()
		c.counts = asCustom
		return nil, c.serveCustom(custom, first)
	}
	if p != HTTP {
		return nil, c.echoRaw(in, first)
	}
	c.counts = asHTTP
	first = bytes.Clone(first)
	in.release()
	up, err := c.visit(first)
	if err != nil {
		return nil, err
	}
	return c.newSession(in, up)
}

// sniff reads until the first bytes decide what the client speaks, and returns all that it has read, valid until in is
// read again. A stream that ends before that is Raw, and so is one that has not decided, a while after its first byte:
// as long as a request's header may take.
func (c *conn) sniff(in input) (Protocol, []byte, error) {
	if c.srv.Web.Only != "" && c.srv.Web.TLS == nil {
		return c.srv.Web.Only, nil, nil // there is nothing to find out
	}
	idle := c.wait
	defer func() { c.await(idle) }()
	c.arm()
	var seen []byte
	for {
		b, err := in.next()
		switch {
		case err == io.EOF && len(seen) == 0:
			return Raw, nil, nil // the echo of nothing ends when it reads the end
		case err == io.EOF, len(seen) > 0 && errors.Is(err, os.ErrDeadlineExceeded):
			return c.undecided(), seen, nil
		case err != nil:
			return "", nil, err
		}
		c.received(len(b))
		if len(seen) > 0 {
			seen = append(seen, b...)
			b = seen
		}
		if p, decided := c.srv.Web.decide(b); decided {
			return p, b, nil
		}
		if len(seen) == 0 {
			seen = bytes.Clone(b)
			c.await(min(idle, c.srv.headerTimeout()))
			c.arm() // this once: the bytes that follow win no time
		}
	}
}

// undecided is what a stream is taken for whose first bytes leave it open, when no more come.
func (c *conn) undecided() Protocol {
	if c.srv.Web.Only == HTTP {
		return HTTP
	}
	return Raw
}

// serveTLS does TLS's handshake, and finds out in turn what is spoken inside. From there on, what is counted and told
// is what TLS carries.
func (c *conn) serveTLS(first []byte) (*session, error) {
	below := &replay{Conn: &paced{c.raw, c.srv.writeTimeout()}, first: bytes.Clone(first)}
	c.tls = tls.Server(below, c.srv.Web.TLS)
	idle := c.wait
	c.await(c.srv.headerTimeout())
	c.arm()
	ctx, cancel := context.WithTimeout(context.Background(), c.srv.headerTimeout())
	defer cancel()
	if err := c.tls.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	c.Conn = c.srv.wrap(c.tls, c.raw, int(c.id))
	c.bytesIn, c.bytesOut, c.reads, c.writes = 0, 0, 0, 0
	c.await(idle)
	if c.srv.Recorder != nil {
		state := c.tls.ConnectionState()
		c.record(event.Event{Ev: event.TLS, Text: fmt.Sprintf("%s with %s: from here on, offsets count what is inside TLS",
			tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite))})
	}
	in := newBuffered(c)
	p, inside, err := c.sniff(in)
	switch {
	case err != nil:
		return nil, err
	case p == tlsHello: // TLS in TLS is nobody's
		p = Raw
	}
	return c.serveAs(p, in, inside)
}

// A paced connection is what TLS writes to. It gives the client the whole WriteTimeout for every write, which is a record
// at most, from its beginning on: TLS writes when it reads, too (a key update), and after a write that missed its
// deadline it cannot go on, even if the deadline was an old one or the client is only slow.
type paced struct {
	net.Conn
	timeout time.Duration
}

func (p *paced) Write(b []byte) (int, error) {
	p.SetWriteDeadline(time.Now().Add(p.timeout))
	return p.Conn.Write(b)
}

// A replay is a connection whose first bytes were read already.
type replay struct {
	net.Conn
	first []byte
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.first) == 0 {
		return r.Conn.Read(p)
	}
	n := copy(p, r.first)
	if r.first = r.first[n:]; len(r.first) == 0 {
		r.first = nil
	}
	return n, nil
}
