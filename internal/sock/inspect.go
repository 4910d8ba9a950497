package sock

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// ErrNoSocket is wrapped by the error for a connection or listener that has no socket of the kernel, such as one from
// [net.Pipe].
var ErrNoSocket = errors.New("it has no socket of the kernel")

// Inspect returns all that the kernel says of the socket c: a *[net.TCPConn], *[net.TCPListener] or *[net.UDPConn],
// anything else that is a [syscall.Conn] or a [syscall.RawConn], or a wrapper with a method NetConn() net.Conn that
// leads to one of these, as *tls.Conn has it. A RawConn is what the Control functions of [net.ListenConfig] and
// [net.Dialer] get, which run when the socket is there and before it is bound or connected: it has no address yet.
//
// The error wraps [ErrNoSocket] if c is none of these, and [net.ErrClosed] if it is closed.
func Inspect(c any) (Info, error) {
	return query("inspect", c, inspect)
}

// Unread returns how many bytes lie in the receive queue of c: the kernel has acknowledged them to the peer, and no
// read has taken them. Of a UDP socket it is the size of the next datagram. A listening socket has no such queue, and
// gets an error. What c may be, and the other errors, are those of [Inspect].
func Unread(c any) (int, error) {
	return query("unread bytes", c, unread)
}

// Peek copies the beginning of the receive queue of c into p, and leaves it in the queue. It waits for nothing: with an
// empty queue it returns an error, and 0 at the end of the stream. What c may be, and the other errors, are those of [Inspect].
func Peek(c any, p []byte) (int, error) {
	return query("peek", c, func(fd int) (int, error) { return peek(fd, p) })
}

// Unacked returns how many bytes were written to c that the peer's kernel has not acknowledged, sent or not. The end
// of the stream (CloseWrite, Close) counts as one byte on Linux. Only a TCP connection has such a number; a listening
// socket or one of another kind gets an error. What c may be, and the other errors, are those of [Inspect].
func Unacked(c any) (int, error) {
	return query("unacknowledged bytes", c, unacked)
}

// State returns the TCP state of c, such as [StateEstablished]. An MPTCP connection, which both ends must have asked
// for, has that of its first TCP connection, where a half-close does not show. A socket of another kind gets an error.
// What c may be, and the other errors, are those of [Inspect].
func State(c any) (string, error) {
	return query("state", c, state)
}

// SetBacklog changes how many connections may wait for accept on the listening socket l, by calling listen(2) on it
// again. The system's own limit stays above n (Linux: net.core.somaxconn), and Linux lets one more in than n.
// Connections that wait already are kept. A socket that is not listening is left as it is and gets an error.
func SetBacklog(l any, n int) error {
	_, err := query("backlog", l, func(fd int) (struct{}, error) { return struct{}{}, setBacklog(fd, n) })
	return err
}

// query puts a question to the socket of c, while c cannot be closed.
func query[T any](what string, c any, ask func(fd int) (T, error)) (answer T, err error) {
	rc, err := raw(c)
	if err == nil {
		var asked error
		err = rc.Control(func(fd uintptr) { answer, asked = ask(int(fd)) })
		if err == nil {
			err = asked
		}
	}
	if err != nil {
		err = fmt.Errorf("sock: %s: %w", what, err)
	}
	return answer, err
}

func raw(c any) (syscall.RawConn, error) {
	switch c := c.(type) {
	case syscall.RawConn:
		return c, nil
	case syscall.Conn:
		return c.SyscallConn()
	case interface{ NetConn() net.Conn }:
		return raw(c.NetConn())
	}
	return nil, fmt.Errorf("%T: %w", c, ErrNoSocket)
}
