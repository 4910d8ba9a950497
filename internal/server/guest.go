package server

import (
	"context"
	"errors"
	"net"
	"time"
)

// A Custom is a protocol of the program's own, which the first bytes of a connection tell from the others.
type Custom struct {
	Name Protocol // must be none of the server's
	// Starts says whether b, all that has come so far, begins the protocol, or may with more bytes. If b only may when
	// no more come, the connection is raw.
	Starts func(b []byte) (is, more bool)
	// Serve has the connection until it returns; the server then ends it, as failed if there is an error. The limits are the
	// server's: a Read ends after IdleTimeout, a Write when nothing was taken for WriteTimeout, and the deadline methods are
	// not supported. One goroutine may read and another write. When Shutdown begins, ctx ends, and a Read waits for a quarter of
	// a second at most.
	Serve func(ctx context.Context, c net.Conn) error
}

// custom returns the program's protocol of this name.
func (w *Web) custom(name Protocol) *Custom {
	for i := range w.Protocols {
		if w.Protocols[i].Name == name {
			return &w.Protocols[i]
		}
	}
	return nil
}

// A guest is a connection as a Custom has it.
type guest struct{ visit }

func (g *guest) Read(p []byte) (int, error) {
	c := g.c
	c.raw.SetReadDeadline(time.Now().Add(c.wait))
	if c.srv.closing.Load() { // after the deadline, as in arm
		c.hurry()
	}
	return g.visit.Read(p)
}

func (g *guest) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (g *guest) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (g *guest) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// Close ends the connection at once.
func (g *guest) Close() error { return g.c.raw.Close() }

// serveCustom hands the connection, and the bytes that were read of it, to the program.
func (c *conn) serveCustom(custom *Custom, first []byte) error {
	g := &guest{visit{replay: replay{c.Conn, first}, c: c}}
	defer func() {
		g.settle()
		c.lingers = true // the client may not have read the last of what it got, and may be sending still
	}()
	if err := custom.Serve(c.srv.serving, g); err != nil {
		return err
	}
	return endCustom
}
