package interop

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An echoServer is an implementation that meets tcpclient. It compresses for a client that offers it.
type echoServer struct {
	name string
	// start returns where the server listens, and the file of its certificate if it speaks TLS.
	start func(t *testing.T, tls bool) (addr, cert string)
}

var echoServers = []echoServer{
	{"coder", goServer(coderEcho)},
	{"gorilla", goServer(gorillaEcho)},
	{"python", scriptServer(python, "server.py")},
	{"node-ws", scriptServer(nodeWS, "server.cjs")},
}

// coderEcho echoes with github.com/coder/websocket, until a Close comes.
func coderEcho(w http.ResponseWriter, r *http.Request) error {
	conn, err := coder.Accept(w, r, &coder.AcceptOptions{
		CompressionMode:      coder.CompressionContextTakeover,
		CompressionThreshold: 1,
	})
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(mebibyte)
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	for {
		kind, message, err := conn.Read(ctx)
		if errors.As(err, new(coder.CloseError)) {
			return nil
		}
		if err == nil {
			err = conn.Write(ctx, kind, message)
		}
		if err != nil {
			return err
		}
	}
}

// gorillaEcho echoes with github.com/gorilla/websocket, until a Close comes.
func gorillaEcho(w http.ResponseWriter, r *http.Request) error {
	upgrader := gorilla.Upgrader{EnableCompression: true, WriteBufferSize: gorillaFrame}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	for {
		kind, message, err := conn.ReadMessage()
		if errors.As(err, new(*gorilla.CloseError)) {
			return nil
		}
		if err == nil {
			err = conn.WriteMessage(kind, message)
		}
		if err != nil {
			return err
		}
	}
}

// goServer serves with a handler, whose error fails the test.
func goServer(echo func(http.ResponseWriter, *http.Request) error) func(*testing.T, bool) (string, string) {
	return func(t *testing.T, tls bool) (addr, cert string) {
		t.Helper()
		var serving sync.WaitGroup
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			serving.Add(1)
			defer serving.Done()
			assert.NoError(t, echo(w, r))
		}))
		if tls {
			server.StartTLS()
			cert, _ = certificate(t, server)
		} else {
			server.Start()
		}
		t.Cleanup(func() {
			server.Close()
			serving.Wait()
		})
		return server.Listener.Addr().String(), cert
	}
}

// scriptServer serves with a script in testdata.
func scriptServer(by *interpreter, file string) func(*testing.T, bool) (string, string) {
	return func(t *testing.T, tls bool) (addr, cert string) {
		t.Helper()
		var key string
		if tls {
			lender := httptest.NewTLSServer(nil)
			cert, key = certificate(t, lender)
			lender.Close()
		}
		p := by.start(t, nil, file, cert, key)
		t.Cleanup(func() { assert.Empty(t, p.stderr.text()) })
		return p.await(&p.stdout, "listening on "), cert
	}
}

// certificate writes the certificate of a server, which is for 127.0.0.1, and its key to files.
func certificate(t *testing.T, server *httptest.Server) (cert, key string) {
	t.Helper()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	der, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	require.NoError(t, err)
	return write("cert.pem", "CERTIFICATE", server.Certificate().Raw), write("key.pem", "PRIVATE KEY", der)
}
