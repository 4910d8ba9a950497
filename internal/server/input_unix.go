//go:build unix

package server

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
	if sc, ok := c.raw.(syscall.Conn); ok && c.srv.Recorder == nil && c.srv.Glue == 0 {
		if rc, err := sc.SyscallConn(); err == nil {
			return newBorrowed(rc, c.srv.chunks)
		}
	}
	return newBuffered(c)
}

// borrowed is an input that holds a buffer only while there are bytes in it.
type borrowed struct {
	rc    syscall.RawConn
	pool  *sync.Pool // of chunks
	chunk *chunk     // nil while nothing is there
	read  func(fd uintptr) bool
}

// A chunk is a buffer, and what the last read into it returned.
type chunk struct {
	buf []byte
	n   int
	err error
}

// newChunks returns a pool of chunks for reads of at most size bytes.
func newChunks(size int) *sync.Pool {
	return &sync.Pool{New: func() any { return &chunk{buf: make([]byte, size)} }}
}

func newBorrowed(rc syscall.RawConn, pool *sync.Pool) *borrowed {
	in := &borrowed{rc: rc, pool: pool}
	in.read = in.tryRead // made once: each mention of the method would be another closure
	return in
}

func (in *borrowed) next() ([]byte, error) {
	in.release()
	// Read waits between two calls of tryRead, until the kernel has bytes or the deadline is over.
	if err := in.rc.Read(in.read); err != nil {
		return nil, err
	}
	switch c := in.chunk; {
	case c.err != nil:
		err := os.NewSyscallError("read", c.err)
		in.release()
		return nil, err
	case c.n == 0:
		in.release()
		return nil, io.EOF
	default:
		return c.buf[:c.n], nil
	}
}

// tryRead reads once. It returns false, and holds no buffer, if there is nothing to read yet.
func (in *borrowed) tryRead(fd uintptr) bool {
	c := in.pool.Get().(*chunk)
	for {
		c.n, c.err = unix.Read(int(fd), c.buf)
		if c.err != unix.EINTR {
			break
		}
	}
	in.chunk = c
	if c.err == unix.EAGAIN {
		in.release()
		return false
	}
	return true
}

func (in *borrowed) release() {
	if in.chunk != nil {
		in.pool.Put(in.chunk)
		in.chunk = nil
	}
}
