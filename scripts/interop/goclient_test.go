package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A goClient is a client that is a Go library. It visits as the scripts in testdata do.
type goClient func(ctx context.Context, to target, subprotocols ...string) (goConn, error)

// A goConn is a library's connection.
type goConn interface {
	negotiated() (extensions, subprotocol string)
	send(text bool, message []byte) error
	writer() (io.WriteCloser, error) // of a text; each Write makes at least a frame
	receive() (text bool, message []byte, err error)
	ping(payload string) error                 // and waits for the Pong
	close(code int, reason string) error       // while somebody reads
	closed(err error) (answer closed, ok bool) // what came if a Close is why receive failed
	cut()
}

func (dial goClient) visit(t *testing.T, to target) (results []result) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var wire atomic.Int64
	conn, err := dial(count64(ctx, &wire), to)
	require.NoError(t, err)
	defer conn.cut()
	extensions, _ := conn.negotiated()
	results = append(results, result{Case: "open", Extensions: extensions})

	back := func(name string, text bool, message []byte) {
		t.Helper()
		isText, echo, err := conn.receive()
		require.NoError(t, err, name)
		assert.Equal(t, text, isText, name)
		require.True(t, bytes.Equal(message, echo), "%s: the echo differs", name)
		results = append(results, result{Case: name, Bytes: len(echo)})
	}
	echo := func(name string, text bool, message []byte) {
		t.Helper()
		require.NoError(t, conn.send(text, message), name)
		back(name, text, message)
	}
	random := make([]byte, mebibyte)
	_, _ = rand.Read(random) // which never fails
	echo("text", true, []byte(greeting))
	echo("binary", false, random[:256])
	echo("empty text", true, nil)
	echo("empty binary", false, nil)
	echo("mebibyte", false, random)

	before := wire.Load()
	echo("compressible", true, []byte(strings.Repeat("wsserver", compressible/8)))
	results[len(results)-1].Wire = int(wire.Load() - before)

	hangul := []byte(syllables(random[:40_000]))
	w, err := conn.writer()
	require.NoError(t, err)
	for _, fragment := range [][]byte{hangul[:1], hangul[1:20_000], nil, hangul[20_000:]} {
		_, err = w.Write(fragment)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	back("fragments", true, hangul)

	require.NoError(t, conn.ping("are you there?"))
	results = append(results, result{Case: "ping"})
	left := make(chan error, 1)
	go func() { left <- conn.close(3001, "that was all") }()
	results = append(results, result{Case: "close", closed: awaitClose(t, conn)})
	require.NoError(t, <-left)

	conn, err = dial(ctx, to, "chat", "superchat")
	require.NoError(t, err)
	defer conn.cut()
	_, subprotocol := conn.negotiated()
	return append(results, result{Case: "subprotocol", Subprotocol: subprotocol})
}

func (dial goClient) stay(t *testing.T, to target, ready func()) closed {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	conn, err := dial(ctx, to)
	require.NoError(t, err)
	defer conn.cut()
	ready()
	return awaitClose(t, conn)
}

// awaitClose returns the Close that must be next.
func awaitClose(t *testing.T, conn goConn) closed {
	t.Helper()
	_, _, err := conn.receive()
	answer, ok := conn.closed(err)
	require.True(t, ok, "no Close came: %v", err)
	return answer
}

// syllables is a text of Hangul syllables, of 3 bytes each, that compresses badly.
func syllables(random []byte) string {
	var b strings.Builder
	for i := 0; i+1 < len(random); i += 2 {
		b.WriteRune(0xAC00 + (rune(random[i])<<8|rune(random[i+1]))%11172)
	}
	return b.String()
}

type wireKey struct{}

// count64 has the connections that dialTCP makes count what they read.
func count64(ctx context.Context, wire *atomic.Int64) context.Context {
	return context.WithValue(ctx, wireKey{}, wire)
}

func dialTCP(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if wire, ok := ctx.Value(wireKey{}).(*atomic.Int64); ok && err == nil {
		conn = &counted{conn, wire}
	}
	return conn, err
}

// counted is a connection that counts what is read from it.
type counted struct {
	net.Conn
	wire *atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.wire.Add(int64(n))
	return n, err
}

// trust is a TLS client that trusts the certificate in a file, and no other.
func trust(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("there is no certificate in %s", file)
	}
	return config, nil
}
