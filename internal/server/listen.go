package server

import (
	"context"
	"net"
	"time"

	"echolab/internal/event"
)

// Listen returns a listener for TCP connections to addr, and tells rec, if there is one, of each step with what the
// kernel says then.
//
// The kernel is asked between socket and bind, when there is a descriptor and no address yet; and after listen, for
// the address that bind has given and for the queue that listen has set up: net.Listen makes these two calls in one go.
func Listen(ctx context.Context, addr string, rec event.Recorder) (net.Listener, error) {
	config := net.ListenConfig{Control: event.TellSocket(rec, event.Server)}
	ln, err := config.Listen(ctx, "tcp", addr)
	if err != nil || rec == nil {
		return ln, err
	}
	bound := event.WithSock(event.Event{Time: time.Now(), At: event.Server, Ev: event.Bind}, ln)
	listening := bound
	listening.Ev = event.Listen
	rec.Record(bound)
	rec.Record(listening)
	return ln, nil
}
