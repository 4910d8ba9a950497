package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
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
	dialer := net.Dialer{Timeout: dialTimeout}
	if number >= portsPerAddress {
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+number/portsPerAddress))}
	}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := conn.(*net.TCPConn)
	c.SetLinger(0) // nothing is left to send when it is closed, and a port in TIME_WAIT would be missing
	if !framed {
		return c, nil
	}
	if err := handshake(c, addr); err != nil {
		c.Close()
		return nil, fmt.Errorf("the handshake: %w", err)
	}
	return c, nil
}

// handshake makes a WebSocket of c.
func handshake(c net.Conn, host string) error {
	c.SetDeadline(time.Now().Add(dialTimeout))
	defer c.SetDeadline(time.Time{})
	early, _, err := ws.Dialer{}.Upgrade(c, &url.URL{Scheme: "ws", Host: host, Path: "/ws"})
	if early != nil {
		err = errors.New("bytes came with the answer, unasked: an echo does not speak first")
	}
	return err
}

// dialing is how many connections are made at once.
const dialing = 16

// dialAll makes n connections, and calls use with each of them and its number. It returns all of them or none.
func dialAll(ctx context.Context, addr string, framed bool, n int, use func(net.Conn, int) error) ([]net.Conn, error) {
	conns := make([]net.Conn, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(dialing)
	for i := range n {
		group.Go(func() (err error) {
			if conns[i], err = dial(ctx, addr, i, framed); err != nil {
				return err
			}
			return use(conns[i], i)
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
