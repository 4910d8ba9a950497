package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sync/errgroup"
)

// dialTimeout is how long connecting and the handshake may take.
const dialTimeout = 10 * time.Second

// portsPerAddress is how many connections to one server come from one address: the kernel has about 28,000 ports for
// that.
const portsPerAddress = 20_000

// dial connects to addr; if framed is set, the connection is a WebSocket then. The connection with that number comes
// from an address of its own on loopback once another one's ports are used up.
func dial(ctx context.Context, addr string, number int, framed bool) (net.Conn, error) {
	tcp := net.Dialer{Timeout: dialTimeout}
	if number >= portsPerAddress {
		tcp.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+number/portsPerAddress))}
	}
	connect := func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := tcp.DialContext(ctx, network, addr)
		if err == nil {
			c.(*net.TCPConn).SetLinger(0) // nothing is left to send then, and a port in TIME-WAIT would be missing
		}
		return c, err
	}
	if !framed {
		return connect(ctx, "tcp", addr)
	}
	c, early, _, err := ws.Dialer{Timeout: dialTimeout, NetDial: connect}.Dial(ctx, "ws://"+addr+"/ws")
	if early != nil {
		c.Close()
		err = errors.New("bytes came with the answer, unasked: an echo does not speak first")
	}
	return c, err
}

// dialing is how many connections are made at once.
const dialing = 16

// dialAll makes n connections, and calls use with each of them and its number. It returns all of them or none.
func dialAll(ctx context.Context, addr string, framed bool, n int, use func(net.Conn, int) error) ([]net.Conn, error) {
	conns := make([]net.Conn, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(dialing)
	for i := range n {
		group.Go(func() error {
			c, err := dial(ctx, addr, i, framed)
			if err != nil {
				return err
			}
			conns[i] = c
			return use(c, i)
		})
	}
	if err := group.Wait(); err != nil {
		closeAll(conns)
		return nil, err
	}
	return conns, nil
}

func closeAll(conns []net.Conn) {
	for _, c := range conns {
		if c != nil {
			c.Close()
		}
	}
}
