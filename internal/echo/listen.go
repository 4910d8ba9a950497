package echo

import (
	"context"
	"net"
	"syscall"
	"time"

	"echolab/internal/event"
)

// Listen returns a listener for TCP connections to addr, and tells rec, if there is one, of each step with what the
// kernel says then.
//
// The kernel is asked between socket and bind, when there is a descriptor and no address yet; and after listen, for
// the address that bind has given and for the queue that listen has set up: net.Listen makes these two calls in one go.
func Listen(ctx context.Context, addr string, rec event.Recorder) (net.Listener, error) {
	config := net.ListenConfig{Control: tellSocket(rec, event.Server)}
	ln, err := config.Listen(ctx, "tcp", addr)
	if err != nil || rec == nil {
		return ln, err
	}
	bound := withSock(event.Event{Time: time.Now(), At: event.Server, Ev: event.Bind}, ln)
	listening := bound
	listening.Ev = event.Listen
	rec.Record(bound)
	rec.Record(listening)
	return ln, nil
}

// Dial returns a TCP connection to addr, made within timeout, and tells rec, if there is one, of each step likewise.
// With nodelay false, Nagle's algorithm stays on.
func Dial(ctx context.Context, addr string, timeout time.Duration, nodelay bool, rec event.Recorder) (*net.TCPConn, error) {
	dialer := net.Dialer{Timeout: timeout, Control: tellSocket(rec, event.Client)}
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	tcp := c.(*net.TCPConn)
	if !nodelay {
		if err := tcp.SetNoDelay(false); err != nil {
			tcp.Close()
			return nil, err
		}
	}
	if rec != nil {
		rec.Record(withSock(event.Event{Time: time.Now(), At: event.Client, Ev: event.Connect}, tcp))
	}
	return tcp, nil
}

// tellSocket returns a Control function for a ListenConfig or a Dialer, which tells of the socket when it is new.
func tellSocket(rec event.Recorder, side event.Side) func(network, address string, rc syscall.RawConn) error {
	if rec == nil {
		return nil
	}
	return func(_, _ string, rc syscall.RawConn) error {
		rec.Record(withSock(event.Event{Time: time.Now(), At: side, Ev: event.Socket}, rc))
		return nil
	}
}
