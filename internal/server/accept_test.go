package server_test

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

// acceptError is an error as the net package returns it.
func acceptError(errno syscall.Errno) error {
	return &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", errno)}
}

func TestTheServerWaitsOutErrorsThatPass(t *testing.T) {
	for _, errno := range []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED,
	} {
		t.Run(errno.Error(), func(t *testing.T) {
			client, atServer := net.Pipe()
			defer client.Close()
			failed := accepted{err: acceptError(errno)}
			ln := newDesk(failed, failed, failed, accepted{conn: atServer})
			rec := new(labtest.Account)
			srv := &server.Server{Recorder: rec}
			serveUntilEnd(t, srv, ln)
			ping(t, client)
			events := rec.All(event.Failed)
			require.Len(t, events, 3)
			assert.Equal(t, "accept: accept tcp: accept4: "+errno.Error()+"; next try in 5ms", events[0].Text)
			assert.Contains(t, events[2].Text, "next try in 20ms")
			assert.Equal(t, 1, srv.Stats().Conns)
		})
	}
}

func TestAPauseBetweenAcceptsEndsWithTheServer(t *testing.T) {
	failures := make([]accepted, 1000) // at up to a second each
	for i := range failures {
		failures[i].err = acceptError(syscall.EMFILE)
	}
	rec := new(labtest.Account)
	serveUntilEnd(t, &server.Server{Recorder: rec}, newDesk(failures...))
	rec.Await(t, event.Failed, 3)
}

func TestAnErrorThatDoesNotPassEndsServe(t *testing.T) {
	broken := errors.New("broken")
	client, atServer := net.Pipe()
	defer client.Close()
	ln := newDesk(accepted{conn: atServer}, accepted{err: broken})
	srv := new(server.Server)
	assert.Equal(t, broken, srv.Serve(ln))
	_, open := <-ln.closed
	assert.False(t, open, "Serve closes its listener")
	ping(t, client) // who is connected goes on
	srv.Close()
}

func TestOneServerServesSeveralListeners(t *testing.T) {
	srv := new(server.Server)
	first, second := serve(t, srv, nil), serve(t, srv, nil)
	a, b := dial(t, first.addr), dial(t, second.addr)
	ping(t, a)
	ping(t, b)
	assert.Equal(t, 2, srv.Stats().Conns)
}
