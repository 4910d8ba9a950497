package event

import (
	"syscall"
	"time"

	"echolab/internal/sock"
)

// WithSock adds to e what the kernel says of the socket of c at this moment, or why it does not.
func WithSock(e Event, c any) Event {
	info, err := sock.Inspect(c)
	if err != nil {
		e.Text = err.Error()
		return e
	}
	e.Sock = &info
	return e
}

// TellSocket returns a Control function for a net.ListenConfig or a net.Dialer, which records the socket when it is
// new: between socket and bind, or socket and connect, when there is a descriptor and no address yet. It is nil without
// a Recorder.
func TellSocket(rec Recorder, side Side) func(network, address string, rc syscall.RawConn) error {
	if rec == nil {
		return nil
	}
	return func(_, _ string, rc syscall.RawConn) error {
		rec.Record(WithSock(Event{Time: time.Now(), At: side, Ev: Socket}, rc))
		return nil
	}
}
