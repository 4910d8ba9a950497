package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"echolab/internal/event"
)

// secure does TLS's handshake. From there on, what is told is what TLS carries.
func (x *exchange) secure(addr string) error {
	config := x.TLS.Clone()
	if config.ServerName == "" {
		config.ServerName = nameOf(addr)
	}
	conn := tls.Client(x.tcp, config)
	ctx, cancel := context.WithTimeout(x.ctx, x.Timeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		var untrusted *tls.CertificateVerificationError
		switch {
		case errors.As(err, &untrusted):
			return hinted(HintUntrusted, "the server's certificate is not trusted: %w", untrusted.Err)
		case x.ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
			err = fmt.Errorf("no answer within %v", x.Timeout)
		}
		return hinted(HintNoTLS, "TLS: %w", err)
	}
	x.tls = conn
	x.conn = event.Wrap(&records{conn, x}, x.rec, 0, event.Client)
	state := conn.ConnectionState()
	x.tell(event.Event{Ev: event.TLS, Text: fmt.Sprintf("%s with %s: from here on, offsets count what is inside TLS",
		tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite))})
	return nil
}

// records is a TLS connection that writes a record at a time, each with a deadline of its own: after one that was
// missed, TLS cannot go on as TCP can.
type records struct {
	*tls.Conn
	x *exchange
}

func (r *records) Write(b []byte) (written int, err error) {
	for written < len(b) && err == nil {
		if err := r.x.armWrite(); err != nil {
			return written, err
		}
		n := 0
		n, err = r.Conn.Write(b[written:min(len(b), written+maxRecord)])
		written += n
	}
	return written, err
}

// maxRecord is the most that one record of TLS carries (RFC 8446 section 5.1).
const maxRecord = 16 << 10

// closeWrite ends our side of the stream.
func (x *exchange) closeWrite() error {
	if x.tls != nil {
		return x.tls.CloseWrite()
	}
	return x.tcp.CloseWrite()
}
