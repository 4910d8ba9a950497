package server_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/sock"
)

func TestAConnectionTooManyIsClosedAtOnce(t *testing.T) {
	rec := new(labtest.Account)
	s := serve(t, &server.Server{MaxConns: 2}, rec)
	first, second := dial(t, s.addr), dial(t, s.addr)
	ping(t, first)
	ping(t, second)

	expectEnd(t, dial(t, s.addr))
	assert.Contains(t, rec.AwaitText(t, event.Refused), "2 connections are open already")
	ping(t, first)
	ping(t, second)

	require.NoError(t, first.Close())
	labtest.Await(t, func() bool { return s.Stats().BytesIn > 0 }, "the end of the first connection")
	third := dial(t, s.addr)
	ping(t, third)
	ping(t, second)
	assert.Equal(t, 3, s.Stats().Conns)
	assert.Equal(t, 1, s.Stats().Refused)
}

// idle is an IdleTimeout that a test can wait for.
const idle = 300 * time.Millisecond

func TestASilentConnectionIsClosedAndABusyOneIsNot(t *testing.T) {
	t.Parallel()
	for name, codec := range map[string]framing.Codec{"bytes": nil, "messages": framing.Lines{}} {
		for way, rec := range map[string]*labtest.Account{"quiet": nil, "with an account": new(labtest.Account)} {
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				// Long enough for the busy one on a busy machine.
				s := serve(t, &server.Server{Codec: codec, IdleTimeout: 3 * idle}, rec)
				busy := dial(t, s.addr)
				ping(t, busy)
				silent := dial(t, s.addr)
				ping(t, silent)
				ended := make(chan error, 1)
				go func() {
					_, err := silent.Read(make([]byte, 1))
					silent.Close()
					ended <- err
				}()
				pace := time.NewTicker(idle / 10)
				defer pace.Stop()
				for open := true; open; {
					<-pace.C
					ping(t, busy)
					select {
					case err := <-ended:
						assert.Equal(t, io.EOF, err)
						open = false
					default:
					}
				}
				ping(t, busy)
				if rec != nil {
					assert.Equal(t, "nothing came for 900ms: closed", rec.AwaitText(t, event.Failed))
				}
				labtest.Await(t, func() bool { return s.Stats().Failed == 1 }, "the count of the failure")
			})
		}
	}
}

func TestSilenceInsideAMessageIsSilence(t *testing.T) {
	t.Parallel()
	rec := new(labtest.Account)
	s := serve(t, &server.Server{Codec: framing.LengthPrefix{}, IdleTimeout: 50 * time.Millisecond}, rec)
	c := dial(t, s.addr)
	write(t, c, []byte("\x00\x00\x00\x05hel"))
	expectEnd(t, c)
	assert.Contains(t, rec.AwaitText(t, event.Failed), "nothing")
}

// onTheWay is how many bytes, more or less, each kernel holds of an echo in the tests with small: so few that a server's
// write of more has to wait for its reader.
const onTheWay = 32 << 10

func small(c *net.TCPConn) { c.SetWriteBuffer(onTheWay) }

// dialSmall returns a connection to s that holds little at the client's side, too.
func (s *served) dialSmall(t *testing.T) (client, atServer *net.TCPConn) {
	client, atServer = s.connect(t)
	require.NoError(t, client.SetReadBuffer(onTheWay))
	return client, atServer
}

// stuff writes until it fails, and returns how much went.
func stuff(c net.Conn, b []byte) (n int64) {
	for {
		m, err := c.Write(b)
		if n += int64(m); err != nil {
			return n
		}
	}
}

func TestAClientThatNeverReadsIsCutOff(t *testing.T) {
	t.Parallel()
	const block = 256 << 10
	for name, codec := range map[string]framing.Codec{"bytes": nil, "messages": framing.Lines{}} {
		t.Run(name, func(t *testing.T) {
			either(t, func(t *testing.T, rec *labtest.Account) {
				s := serveOn(t, &server.Server{Codec: codec, IdleTimeout: 50 * time.Millisecond}, rec, small)
				c, _ := s.dialSmall(t)
				lines := []byte(strings.Repeat(strings.Repeat("x", 63)+"\n", block/64))
				taken := stuff(c, lines)
				labtest.Await(t, func() bool { return s.Stats().Failed == 1 }, "the count of the failure")
				if rec != nil {
					assert.Contains(t, rec.AwaitText(t, event.Failed), "nothing")
				}
				stats := s.Stats()
				assert.Less(t, stats.BytesIn-stats.BytesOut, int64(256<<10), "that much the server held")
				assert.Less(t, taken, int64(16<<20), "the rest is the kernels'")
			})
		})
	}
}

// stuck is a client whose message of a MiB the server has read whole and cannot send back.
func stuck(t *testing.T, rec *labtest.Account) (s *served, c *net.TCPConn, msg string) {
	s = serveOn(t, &server.Server{Codec: framing.LengthPrefix{}, IdleTimeout: idle}, rec, small)
	c, atServer := s.dialSmall(t)
	msg = string(labtest.Random(1 << 20))
	writeAlone(t, c, atServer, dialects[2].frame(t, msg))
	return s, c, msg
}

func TestTheKernelForgetsAClientThatWasCutOff(t *testing.T) {
	labtest.OnLinux(t)
	t.Parallel()
	_, c, _ := stuck(t, nil)
	// Not closed in good order: the kernel would keep what the client does not take for as long as the client lives.
	require.NoError(t, sock.AwaitState(labtest.Bounded(t), c, sock.StateClose))
}

// In a bubble the clock goes on only when everybody waits, and a pipe holds nothing on its way: each read of the client
// is when the test says. It lets the server wait for nearly as long as it may before every one, and then for longer.
func TestAClientThatReadsSlowlyIsNotCutOffAndOneThatStopsIs(t *testing.T) {
	const timeout = time.Minute
	for name, way := range map[string]struct {
		codec framing.Codec
		begin string
	}{
		"bytes": {nil, ""}, "messages": {framing.LengthPrefix{}, ""}, "WebSocket": {nil, askWebSocket},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := &server.Server{Codec: way.codec, WriteTimeout: timeout, IdleTimeout: 10 * timeout, Web: &server.Web{Ping: -1}}
				c := serveDesk(t, srv).dial(t)
				in := append([]byte("\x00\x00\xff\xff"), labtest.Random(1<<16-1)...)
				want := in
				if way.begin != "" {
					_, err := io.WriteString(c, way.begin)
					require.NoError(t, err)
					expectSwitch(t, c)
					want = append([]byte("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x03"), in...)
					in = []byte(sends(0x82, string(in)))
				}
				go c.Write(in)
				for range 5 {
					time.Sleep(timeout - time.Second)
					expect(t, c, want[:1000])
					want = want[1000:]
				}
				assert.Equal(t, 1, srv.Stats().Open)
				time.Sleep(2*timeout + time.Second)
				synctest.Wait()
				assert.Equal(t, 1, srv.Stats().Failed)
				assert.Zero(t, srv.Stats().Open)
				c.Close()
			})
		})
	}
}

func TestAClientThatResetsEndsItsOwnConnection(t *testing.T) {
	for name, codec := range map[string]framing.Codec{"bytes": nil, "messages": framing.Lines{}} {
		t.Run(name, func(t *testing.T) {
			either(t, func(t *testing.T, rec *labtest.Account) {
				s := serve(t, &server.Server{Codec: codec}, rec)
				c, other := dial(t, s.addr), dial(t, s.addr)
				ping(t, c)
				require.NoError(t, c.SetLinger(0))
				require.NoError(t, c.Close())
				labtest.Await(t, func() bool { return s.Stats().Failed == 1 }, "the count of the failure")
				ping(t, other)
				if rec != nil {
					assert.Contains(t, rec.AwaitText(t, event.Failed), "connection reset by peer")
				}
			})
		})
	}
}

func TestAClientThatVanishesInsideAMessageEndsItsOwnConnection(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect) {
		rec := new(labtest.Account)
		s := serve(t, &server.Server{Codec: d.server}, rec)
		c, other := dial(t, s.addr), dial(t, s.addr)
		write(t, c, d.frame(t, "hello")[:3])
		require.NoError(t, c.Close())
		assert.Contains(t, rec.AwaitText(t, event.Failed), "the stream ended inside the message at offset 0")
		write(t, other, d.frame(t, "hello"))
		d.expect(t, bufio.NewReader(other), "hello")
	})
}
