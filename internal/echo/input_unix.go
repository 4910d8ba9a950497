//go:build unix

package echo

import (
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// newInput reads with buffers that are borrowed only once bytes are there, so that an idle connection holds none. With
// an account it is simpler: one read, one buffer.
func (c *conn) newInput() input {
	if sc, ok := c.raw.(syscall.Conn); ok && c.srv.Recorder == nil {
		if rc, err := sc.SyscallConn(); err == nil {
			return newBorrowed(rc, orDefault(c.srv.ReadBuffer, quietReadBuffer))
		}
	}
	return newBuffered(c)
}

// borrowed is an input that holds a buffer only while there are bytes in it.
type borrowed struct {
	rc   syscall.RawConn
	size int
	buf  *[]byte // nil while nothing is there
	n    int
	err  error
	read func(fd uintptr) bool // tryRead, made once
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func newBorrowed(rc syscall.RawConn, size int) *borrowed {
	in := &borrowed{rc: rc, size: size}
	in.read = in.tryRead
	return in
}

func (in *borrowed) next() ([]byte, error) {
	in.giveBack()
	// Read waits between two calls of tryRead, until the kernel has bytes or the deadline is over.
	if err := in.rc.Read(in.read); err != nil {
		return nil, err
	}
	switch {
	case in.err != nil:
		in.giveBack()
		return nil, os.NewSyscallError("read", in.err)
	case in.n == 0:
		in.giveBack()
		return nil, io.EOF
	}
	return (*in.buf)[:in.n], nil
}

// tryRead reads once. It returns false, and holds no buffer, if there is nothing to read yet.
func (in *borrowed) tryRead(fd uintptr) bool {
	in.borrow()
	for {
		in.n, in.err = unix.Read(int(fd), *in.buf)
		if in.err != unix.EINTR {
			break
		}
	}
	if in.err == unix.EAGAIN {
		in.giveBack()
		return false
	}
	return true
}

func (in *borrowed) borrow() {
	in.buf = buffers.Get().(*[]byte)
	if cap(*in.buf) < in.size {
		*in.buf = make([]byte, in.size)
	}
	*in.buf = (*in.buf)[:in.size]
}

func (in *borrowed) giveBack() {
	if in.buf != nil {
		buffers.Put(in.buf)
		in.buf = nil
	}
}
