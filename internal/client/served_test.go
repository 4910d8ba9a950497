package client_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/server"
)

// served is a server of the lab that runs.
type served struct {
	*server.Server
	addr string
}

// serve runs srv on a port of its own until the test ends.
func serve(t testing.TB, srv *server.Server) *served {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	t.Cleanup(func() {
		srv.Close()
		assert.ErrorIs(t, <-done, server.ErrServerClosed)
	})
	return &served{srv, ln.Addr().String()}
}
