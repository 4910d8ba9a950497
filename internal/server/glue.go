package server

import (
	"errors"
	"io"
	"os"
	"time"
)

// reader is what an echo reads from.
func (c *conn) reader() io.Reader {
	if c.srv.Glue == 0 {
		return c.Conn
	}
	return &gathered{c: c}
}

// gathered reads what comes within the server's Glue as if it had come at once, as far as it has room.
type gathered struct {
	c   *conn
	err error // met after bytes that had to be returned first
}

func (g *gathered) Read(p []byte) (n int, err error) {
	c := g.c
	if err, g.err = g.err, nil; err != nil {
		return 0, err
	}
	if n, err = c.Conn.Read(p); err != nil || !c.gathers {
		return n, err
	}
	defer c.disarm()
	for until := time.Now().Add(c.srv.Glue); n < len(p); {
		c.raw.SetReadDeadline(until)
		if c.srv.closing.Load() { // after the deadline, as in arm
			break
		}
		m, err := c.Conn.Read(p[n:])
		if n += m; m > 0 {
			c.reads++
		}
		if err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				g.err = err
			}
			break
		}
	}
	return n, nil
}
