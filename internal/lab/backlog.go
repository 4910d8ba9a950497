package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"echolab/internal/event"
	"echolab/internal/sock"
	"echolab/internal/streammap"
)

// Backlog is what happens to clients of a server that listens with room for few connections and never calls accept.
type Backlog struct {
	Limit     int    `json:"limit"`     // the queue's limit, as the kernel has it
	Connected int    `json:"connected"` // clients whose connect and write succeeded
	Queued    int    `json:"queued"`    // connections that the kernel held for accept then
	NextState string `json:"next"`      // the state of the next client's socket, its SYN sent more than once
	Accepted  string `json:"accepted"`  // what the first accepted connection had to read: written before accept
	Then      bool   `json:"then"`      // the waiting client connected once accept had made room

}

// RunBacklog connects until the kernel lets nobody in, and then accepts one.
func RunBacklog(ctx context.Context) (f Backlog, err error) {
	defer caught(&err)
	ln := listen(ctx)
	defer ln.Close()
	check(sock.SetBacklog(ln, 1))
	for f.Queued <= f.Limit { // Linux lets one more in than the limit says
		c := dial(ctx, ln.Addr().String())
		defer c.Close()
		f.Connected++
		must(fmt.Fprintf(c, "client %d was here", f.Connected))
		// connect returns when the client's side of the handshake is done, which is a moment before the server's.
		check(sock.Await(ctx, func() (bool, error) {
			info, err := sock.Inspect(ln)
			f.Limit, f.Queued = info.BacklogMax, info.Backlog
			if err == nil && f.Limit < 0 {
				err = fmt.Errorf("this system does not report the queue of accept: %w", errors.ErrUnsupported)
			}
			return f.Queued >= f.Connected, err
		}))
	}
	f.oneMore(ctx, ln)
	return f, nil
}

// oneMore lets a client wait for the full queue, and then accepts one of the others.
func (f *Backlog) oneMore(ctx context.Context, ln net.Listener) {
	socket, accepted := make(chan syscall.RawConn, 1), make(chan struct{})
	dialer := net.Dialer{Control: func(_, _ string, rc syscall.RawConn) error {
		socket <- rc
		return nil
	}}
	together(func() {
		c := must(dialer.DialContext(ctx, "tcp", ln.Addr().String()))
		defer c.Close()
		select {
		case <-accepted:
			f.Then = true
		default: // it did not have to wait
		}
	}, func() {
		rc := await(ctx, socket)
		check(sock.Await(ctx, func() (bool, error) { // the client's kernel sends the SYN again, since nobody answers
			info, err := sock.Inspect(rc)
			f.NextState = info.State
			return info.State != sock.StateClose && info.Retransmits > 0, err
		}))
		close(accepted)
		first := newEnd(ctx, must(ln.Accept()), new(streammap.Maps), 1, event.Server)
		defer first.Close()
		size := len("client 1 was here")
		f.Accepted = string(join(first.readAll(size, size)))
	})
}

func (f Backlog) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("The server listens with a backlog of %d and never calls accept.", f.Limit),
			fmt.Sprintf("%d clients connected and wrote: the handshake is the kernel's work, and so is the queue (it holds %d; Linux lets in one more than the limit).", f.Connected, f.Queued),
			fmt.Sprintf("The next client stayed in %s: its SYN was dropped, and sent again.", f.NextState),
			fmt.Sprintf("Then the server accepted one connection, and read what was waiting there: %q.", f.Accepted),
			map[bool]string{true: "That made room in the queue, and the waiting client connected.", false: "The waiting client did not connect."}[f.Then],
		},
		Answer: "connect succeeds without accept, and so does a first write: a completed connect says that a kernel is " +
			"there, not that a program is serving. When the queue is full, clients are not refused: they wait.",
	}
	r.expect(f.Connected >= 1 && f.Accepted == "client 1 was here", "what was written before accept was not there to read")
	r.expect(f.NextState == sock.StateSynSent, "the client beyond the backlog did not wait")
	r.expect(f.Then, "the waiting client did not connect after accept")
	return r
}
