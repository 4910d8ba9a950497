package client_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

func TestEverythingWorksInsideTLS(t *testing.T) {
	t.Parallel()
	srv, trusts := labtest.Secrets(t)
	s := webEcho(t, &server.Web{TLS: srv, Deflate: true})
	for name, cl := range map[string]client.Client{
		"raw": {}, "raw, glued": {Glue: true}, "raw, in chunks": {Chunk: 3},
		"frames": {Frames: &client.Frames{}}, "frames, glued": {Frames: &client.Frames{Ping: true}, Glue: true},
		"compressed": {Frames: &client.Frames{Deflate: true, Fragment: 100}, ReadBuffer: 7},
	} {
		for size, messages := range map[string][]string{"little": three, "much": {flood, flood[:1000], flood, strings.Repeat("x", 1<<20)}} {
			if size == "much" && cl.Chunk > 0 {
				continue // a record for every few bytes
			}
			t.Run(fmt.Sprint(name, "/", size), func(t *testing.T) {
				rec := new(labtest.Account)
				cl.TLS, cl.Recorder, cl.Timeout = trusts, rec, labtest.Watchdog
				r, err := cl.Run(labtest.Bounded(t), s.addr, of(messages...))
				require.NoError(t, err)
				assert.True(t, r.OK)
				if cl.Frames != nil {
					assert.Equal(t, len(messages), r.MessagesReceived)
				}
				assert.Regexp(t, "^TLS 1.3 with TLS_[A-Z0-9_]+: from here on, offsets count what is inside TLS$", rec.All(event.TLS)[0].Text)
				assert.Zero(t, rec.All(event.Write)[0].Off)
			})
		}
	}
}

func TestACertificateThatNobodyVouchesForIsRefused(t *testing.T) {
	srv, _ := labtest.Secrets(t)
	_, other := labtest.Secrets(t)
	s := webEcho(t, &server.Web{TLS: srv})
	for _, config := range []*tls.Config{{}, other} {
		cl := overWebSocket(client.Frames{})
		cl.TLS = config
		r, says := failingFor(t, client.HintUntrusted, cl, s.addr, three...)
		assert.Contains(t, says, "the server's certificate is not trusted: x509: ")
		assert.Zero(t, r.Writes)
	}
	cl := overWebSocket(client.Frames{})
	cl.TLS = &tls.Config{InsecureSkipVerify: true}
	_, err := cl.Run(labtest.Bounded(t), s.addr, of(three...))
	assert.NoError(t, err)
}

func TestTLSToWhoSpeaksNone(t *testing.T) {
	for name, s := range map[string]*server.Server{"raw": {}, "HTTP": {Web: &server.Web{Only: server.HTTP}}} {
		t.Run(name, func(t *testing.T) {
			addr := serve(t, s).addr
			_, says := failingFor(t, client.HintNoTLS, client.Client{TLS: new(tls.Config), Timeout: labtest.Watchdog}, addr, three...)
			assert.Contains(t, says, "TLS: ")
		})
	}
	addr := fake(t, func(c *net.TCPConn) { drain(c) })
	_, says := failing(t, client.Client{TLS: new(tls.Config), Timeout: impatient}, addr, three...)
	assert.Contains(t, says, "TLS: no answer within 50ms")
}

func TestAServerThatReadsSlowlyIsWaitedFor(t *testing.T) {
	t.Parallel() // it waits
	srv, trusts := labtest.Secrets(t)
	const timeout = 3 * time.Second // a machine that is busy with other tests stalls for less
	msg := strings.Repeat("m", 12<<20)
	for name, config := range map[string]*tls.Config{"raw": nil, "inside TLS": trusts} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := fake(t, func(c *net.TCPConn) {
				c.SetReadBuffer(64 << 10)
				var inside interface {
					net.Conn
					CloseWrite() error
				} = c
				if config != nil {
					inside = tls.Server(c, srv)
				}
				pace := time.NewTicker(timeout / 50) // 96 of them are needed: twice the timeout
				defer pace.Stop()
				for buf, n := make([]byte, 16<<10), 1; n > 0; {
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
			cl := client.Client{TLS: config, Timeout: timeout, MaxMessage: len(msg)}
			r, err := cl.Run(labtest.Bounded(t), addr, of(msg))
			require.NoError(t, err)
			assert.EqualValues(t, len(msg), r.BytesReceived)
		})
	}
}
