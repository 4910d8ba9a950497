package server

import "io"

// An input is where the bytes of a connection come from. What next returns is valid until the next call; the error
// comes with no bytes.
type input interface {
	next() ([]byte, error)
	release() // what next returned is not needed any more
}

// echoBytes sends back whatever one read brings with one write: the server without a framing. The first bytes were read
// already.
func (c *conn) echoBytes(in input, first []byte) error {
	if len(first) > 0 {
		if err := c.send(first); err != nil {
			return err
		}
	}
	for {
		c.arm()
		b, err := in.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		c.received(len(b))
		if err := c.send(b); err != nil {
			return err
		}
	}
}

// newBuffered reads what is recorded, and what is no socket of the kernel.
func newBuffered(c *conn) *buffered {
	size := orDefault(c.srv.ReadBuffer, DefaultReadBuffer)
	if c.tls != nil {
		size = min(size, maxRecord)
	}
	return &buffered{c.reader(), make([]byte, size)}
}

// maxRecord is the most that one record of TLS, and so one read, brings (RFC 8446 section 5.1).
const maxRecord = 16 << 10

// buffered is an input that keeps its buffer, for connections that are recorded or are no sockets of the kernel.
type buffered struct {
	r   io.Reader
	buf []byte
}

func (in *buffered) release() {}

func (in *buffered) next() ([]byte, error) {
	n, err := in.r.Read(in.buf)
	if n > 0 {
		return in.buf[:n], nil // an error comes again with the next read
	}
	return nil, err
}
