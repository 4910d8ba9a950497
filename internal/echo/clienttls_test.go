package echo_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/echo"
	"echolab/internal/event"
)

// secrets is a fresh certificate for 127.0.0.1, and who trusts it.
func secrets(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	trusted := x509.NewCertPool()
	trusted.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: trusted}
}

func TestEverythingWorksInsideTLS(t *testing.T) {
	server, trusts := secrets(t)
	s := webEcho(t, &echo.Web{TLS: server, Deflate: true})
	for name, client := range map[string]echo.Client{
		"raw": {}, "raw, glued": {Glue: true}, "raw, in chunks": {Chunk: 3},
		"frames": {Frames: &echo.Frames{}}, "frames, glued": {Frames: &echo.Frames{Ping: true}, Glue: true},
		"compressed": {Frames: &echo.Frames{Deflate: true, Fragment: 100}, ReadBuffer: 7},
	} {
		for size, messages := range map[string][]string{"little": three, "much": {flood, flood[:1000], flood, strings.Repeat("x", 1<<20)}} {
			if size == "much" && client.Chunk > 0 {
				continue // a record for every few bytes
			}
			t.Run(fmt.Sprint(name, "/", size), func(t *testing.T) {
				rec := new(account)
				client.TLS, client.Recorder, client.Timeout = trusts, rec, watchdog
				r, err := client.Run(bounded(t), s.addr, of(messages...))
				require.NoError(t, err)
				assert.True(t, r.OK)
				if client.Frames != nil {
					assert.Equal(t, len(messages), r.MessagesReceived)
				}
				assert.Regexp(t, "^TLS 1.3 with TLS_[A-Z0-9_]+: from here on, offsets count what is inside TLS$", rec.all(event.TLS)[0].Text)
				assert.Zero(t, rec.all(event.Write)[0].Off)
			})
		}
	}
}

func TestACertificateThatNobodyVouchesForIsRefused(t *testing.T) {
	server, _ := secrets(t)
	_, other := secrets(t)
	s := webEcho(t, &echo.Web{TLS: server})
	for _, config := range []*tls.Config{{}, other} {
		client := overWebSocket(echo.Frames{})
		client.TLS = config
		r, says := failing(t, client, s.addr, three...)
		assert.Contains(t, says, "the server's certificate is not trusted: x509: ")
		assert.Contains(t, says, "-ca FILE names one to trust, -insecure trusts any")
		assert.Zero(t, r.Writes)
	}
	client := overWebSocket(echo.Frames{})
	client.TLS = &tls.Config{InsecureSkipVerify: true}
	_, err := client.Run(bounded(t), s.addr, of(three...))
	assert.NoError(t, err)
}

func TestTLSToWhoSpeaksNone(t *testing.T) {
	for name, s := range map[string]*echo.Server{"raw": {}, "HTTP": {Web: &echo.Web{Only: echo.HTTP}}} {
		t.Run(name, func(t *testing.T) {
			addr := serve(t, s, nil).addr
			_, says := failing(t, echo.Client{TLS: new(tls.Config), Timeout: watchdog}, addr, three...)
			assert.Contains(t, says, "does the server speak TLS, as wsserver -tls self-signed does?")
		})
	}
	addr := fake(t, func(c *net.TCPConn) { drain(c) })
	_, says := failing(t, echo.Client{TLS: new(tls.Config), Timeout: impatient}, addr, three...)
	assert.Contains(t, says, "TLS: no answer within 50ms")
}

func TestAnInterruptInsideTLSSaysThatItGoesAway(t *testing.T) {
	server, trusts := secrets(t)
	s := webEcho(t, &echo.Web{TLS: server})
	waits, release := make(chan struct{}), make(chan struct{})
	client := overWebSocket(echo.Frames{})
	client.TLS = trusts
	r := interrupted(t, client, s.addr, then(repeat(300, flood[:1000]), func(func([]byte, error) bool) {
		close(waits)
		<-release
	}), waits)
	close(release)
	assert.Equal(t, 1001, r.CloseSent)
	assert.Equal(t, 1001, r.CloseReceived)
}

func TestTLSWaitsForAServerThatReadsSlowly(t *testing.T) {
	t.Parallel()
	server, trusts := secrets(t)
	const timeout = 3 * time.Second // a machine that is busy with other tests stalls for less
	addr := fake(t, func(c *net.TCPConn) {
		c.SetReadBuffer(64 << 10)
		inside := tls.Server(c, server)
		pace := time.NewTicker(timeout / 50) // 96 of them are needed: twice the timeout
		defer pace.Stop()
		for buf, n := make([]byte, 128<<10), 1; n > 0; {
			<-pace.C
			for range 8 { // a record each
				if n, _ = inside.Read(buf); n == 0 {
					break
				}
				inside.Write(buf[:n])
			}
		}
		inside.CloseWrite()
	})
	msg := strings.Repeat("m", 12<<20)
	client := echo.Client{TLS: trusts, Timeout: timeout, MaxMessage: len(msg)}
	r, err := client.Run(bounded(t), addr, of(msg))
	require.NoError(t, err)
	assert.EqualValues(t, len(msg), r.BytesReceived)
}
