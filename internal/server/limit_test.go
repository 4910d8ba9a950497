package server_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
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
					assert.Equal(t, "nothing came for 900ms: closed (-idle-timeout)", rec.AwaitText(t, event.Failed))
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
	assert.Contains(t, rec.AwaitText(t, event.Failed), "(-idle-timeout)")
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
					assert.Contains(t, rec.AwaitText(t, event.Failed), "(-idle-timeout)")
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

func TestAClientThatReadsSlowlyIsNotCutOff(t *testing.T) {
	labtest.OnLinux(t)
	t.Parallel()
	rec := new(labtest.Account)
	s, c, msg := stuck(t, rec)
	want := dialects[2].frame(t, msg)
	got := make([]byte, len(want))
	pace := time.NewTicker(idle / 30)
	defer pace.Stop()
	for n := 0; n < len(got); {
		<-pace.C
		m, err := c.Read(got[n:min(len(got), n+16<<10)])
		require.NoError(t, err, "after %d bytes", n)
		n += m
	}
	assert.True(t, string(got) == string(want))
	require.NoError(t, c.CloseWrite())
	expectEnd(t, c)
	assert.Zero(t, s.Stats().Failed)
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
