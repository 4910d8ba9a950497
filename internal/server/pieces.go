package server

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"echolab/internal/event"
)

// wrap records what a connection reads and writes, and makes its writes as small and as slow as was asked for.
func (s *Server) wrap(nc, raw net.Conn, id int) net.Conn {
	recorded := event.Wrap(nc, s.Recorder, id, event.Server)
	if s.Chunk == 0 && s.Delay == 0 {
		return recorded
	}
	return &pieces{Conn: recorded, raw: raw, srv: s}
}

// A pieces is a connection that is written in pieces, to put a client to the test.
type pieces struct {
	net.Conn
	raw   net.Conn // below, for its deadline
	srv   *Server
	wrote bool
}

func (p *pieces) Write(b []byte) (n int, err error) {
	for first := true; first || n < len(b); first = false {
		p.pause()
		part := b[n:]
		if p.srv.Chunk > 0 {
			part = part[:min(len(part), p.srv.Chunk)]
		}
		m, err := p.Conn.Write(part)
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// pause waits for the Delay, unless this is the first write, or the server closes.
func (p *pieces) pause() {
	if p.srv.Delay == 0 || !p.wrote {
		p.wrote = true
		return
	}
	delay := time.NewTimer(p.srv.Delay)
	defer delay.Stop()
	select {
	case <-delay.C:
	case <-p.srv.serving.Done():
	}
	p.raw.SetWriteDeadline(time.Now().Add(p.srv.writeTimeout())) // which the client has from now on
}

// SyscallConn lets the kernel be asked about the socket below.
func (p *pieces) SyscallConn() (syscall.RawConn, error) {
	sc, ok := p.Conn.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("a %T has no socket: %w", p.Conn, errors.ErrUnsupported)
	}
	return sc.SyscallConn()
}
