package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"echolab/internal/sock"
)

// Backlog is what happens to clients of a server that listens with room for few connections and never calls accept.
type Backlog struct {
	Limit     int    `json:"limit"`     // the queue's limit, as the kernel has it
	Connected int    `json:"connected"` // clients whose connect and write succeeded
	Queued    int    `json:"queued"`    // connections that the kernel held for accept then
	NextState string `json:"next"`      // the state of the next client's socket, its SYN sent more than once
	Accepted  string `json:"accepted"`  // what the first accepted connection had to read: written before accept
	Then      bool   `json:"then"`      // the waiting client connected once accept had made room

	firstSize int // of what the first client wrote
}

// RunBacklog connects until the kernel lets nobody in, and then accepts one.
func RunBacklog(ctx context.Context) (f Backlog, err error) {
	ln, err := listen(ctx)
	if err != nil {
		return f, err
	}
	defer ln.Close()
	if err := sock.SetBacklog(ln, 1); err != nil {
		return f, err
	}
	for {
		info, err := sock.Inspect(ln)
		if err != nil {
			return f, err
		}
		f.Limit, f.Queued = info.BacklogMax, info.Backlog
		if f.Limit < 0 {
			return f, fmt.Errorf("this system does not report the queue of accept: %w", errors.ErrUnsupported)
		}
		if f.Queued > f.Limit { // Linux lets one more in than the limit says
			break
		}
		c, err := dial(ctx, ln.Addr().String())
		if err != nil {
			return f, err
		}
		defer c.Close()
		n, err := fmt.Fprintf(c, "client %d was here", f.Connected+1)
		if err != nil {
			return f, err
		}
		if f.Connected++; f.Connected == 1 {
			f.firstSize = n
		}
		if err := awaitQueued(ctx, ln, f.Connected); err != nil {
			return f, err
		}
	}
	return f, f.oneMore(ctx, ln)
}

// awaitQueued waits until the kernel has finished the handshakes of n connections: connect returns when the client's
// side of it is done, which is a moment before the server's.
func awaitQueued(ctx context.Context, ln *net.TCPListener, n int) error {
	return sock.Await(ctx, func() (bool, error) {
		info, err := sock.Inspect(ln)
		return info.Backlog >= n, err
	})
}

// oneMore lets a client wait for the full queue, and then accepts one of the others.
func (f *Backlog) oneMore(ctx context.Context, ln *net.TCPListener) error {
	w := waitingDial(ctx, ln.Addr())
	defer w.close()
	if err := w.awaitUnanswered(ctx, f); err != nil {
		return err
	}
	first, err := ln.Accept()
	if err != nil {
		return err
	}
	defer first.Close()
	if end, ok := ctx.Deadline(); ok {
		if err := first.SetReadDeadline(end); err != nil {
			return err
		}
	}
	wrote := make([]byte, f.firstSize)
	if _, err := io.ReadFull(first, wrote); err != nil {
		return err
	}
	f.Accepted = string(wrote)
	select {
	case err = <-w.done:
		f.Then = err == nil
	case <-ctx.Done():
		err = ctx.Err()
	}
	return err
}

// A waiting dial is a connect in a goroutine of its own, with the socket at hand.
type waiting struct {
	raw    chan syscall.RawConn // the socket, once it is there
	done   chan error
	conn   net.Conn
	cancel context.CancelFunc
}

func waitingDial(ctx context.Context, addr net.Addr) *waiting {
	ctx, cancel := context.WithCancel(ctx)
	w := &waiting{raw: make(chan syscall.RawConn, 1), done: make(chan error, 1), cancel: cancel}
	dialer := net.Dialer{Control: func(_, _ string, rc syscall.RawConn) error {
		w.raw <- rc
		return nil
	}}
	go func() {
		c, err := dialer.DialContext(ctx, "tcp", addr.String())
		w.conn = c
		w.done <- err
		close(w.done)
	}()
	return w
}

// awaitUnanswered waits until the client's kernel has sent the SYN again because nobody answered the first.
func (w *waiting) awaitUnanswered(ctx context.Context, f *Backlog) error {
	var rc syscall.RawConn
	select {
	case rc = <-w.raw:
	case <-ctx.Done():
		return ctx.Err()
	}
	return sock.Await(ctx, func() (bool, error) {
		info, err := sock.Inspect(rc)
		f.NextState = info.State
		return info.State != sock.StateClose && info.Retransmits > 0, err
	})
}

func (w *waiting) close() {
	w.cancel()
	<-w.done
	if w.conn != nil {
		w.conn.Close()
	}
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
