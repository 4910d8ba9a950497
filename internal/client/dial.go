package client

import (
	"context"
	"net"
	"time"

	"echolab/internal/event"
)

// Dial returns a TCP connection to addr, made within timeout, and tells rec, if there is one, of each step likewise.
// With nodelay false, Nagle's algorithm stays on.
func Dial(ctx context.Context, addr string, timeout time.Duration, nodelay bool, rec event.Recorder) (*net.TCPConn, error) {
	dialer := net.Dialer{Timeout: timeout, Control: event.TellSocket(rec, event.Client)}
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
		rec.Record(event.WithSock(event.Event{Time: time.Now(), At: event.Client, Ev: event.Connect}, tcp))
	}
	return tcp, nil
}
