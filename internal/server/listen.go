package server

import (
	"context"
	"net"
	"time"

	"echolab/internal/trace"
)

// Listen returns a listener for TCP connections to addr, and tells rec, if there is one, of each step with what the
// kernel says then.
//
// The kernel is asked between socket and bind, when there is a descriptor and no address yet; and after listen, for
// the address that bind has given and for the queue that listen has set up: net.Listen makes these two calls in one go.
func Listen(ctx context.Context, addr string, rec trace.Recorder) (net.Listener, error) {
	config := net.ListenConfig{Control: trace.TellSocket(rec, trace.Server)}
	ln, err := config.Listen(ctx, "tcp", addr)
	if err != nil || rec == nil {
		return ln, err
	}
	bound := trace.WithSock(trace.Event{Time: time.Now(), At: trace.Server, Ev: trace.Bind}, ln)
	listening := bound
	listening.Ev = trace.Listen
	rec.Record(bound)
	rec.Record(listening)
	return ln, nil
}
