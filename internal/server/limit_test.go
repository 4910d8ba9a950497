package server_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
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

func TestAStormOverTheLimitDisturbsNobody(t *testing.T) {
	const storm, seats = 300, 5
	s := serve(t, &server.Server{Web: new(server.Web), MaxConns: seats}, nil)
	seated := make([]*net.TCPConn, seats)
	for i := range seated {
		seated[i] = dial(t, s.addr)
		shakeHands(t, seated[i])
	}
	var stormers sync.WaitGroup
	for range 30 {
		stormers.Go(func() {
			for range storm / 30 {
				c, err := net.Dial("tcp", s.addr)
				if !assert.NoError(t, err) {
					return
				}
				c.SetDeadline(time.Now().Add(labtest.Watchdog))
				_, err = c.Read(make([]byte, 1))
				assert.ErrorContains(t, err, "EOF")
				c.Close()
			}
		})
	}
	for rounds := 0; rounds < 10 || s.Stats().Refused < storm; rounds++ {
		for _, c := range seated {
			write(t, c, []byte(sends(0x82, "message")))
			expect(t, c, []byte("\x82\x07message"))
		}
	}
	stormers.Wait()
	assert.Equal(t, storm, s.Stats().Refused)
	assert.Equal(t, seats, s.Stats().Conns)
}

// idle is a limit that a test can wait for.
const idle = 300 * time.Millisecond

func TestASilentConnectionIsClosedAndABusyOneIsNot(t *testing.T) {
	for name, codec := range map[string]framing.Codec{"bytes": nil, "messages": framing.Lines{}} {
		inBubble(t, name, func(t *testing.T) {
			for _, rec := range []*labtest.Account{nil, new(labtest.Account)} {
				srv := &server.Server{Codec: codec, IdleTimeout: time.Minute}
				if rec != nil {
					srv.Recorder = rec
				}
				d := serveDesk(t, srv)
				busy, silent := d.dial(t), d.dial(t)
				ping(t, busy)
				ping(t, silent)
				if codec != nil {
					write(t, silent, []byte("silence inside a message is silence"))
				}
				ended := make(chan time.Time, 1)
				go func() {
					_, err := silent.Read(make([]byte, 1))
					ended <- time.Now()
					assert.Equal(t, io.EOF, err)
				}()
				began := time.Now()
				for range 100 {
					time.Sleep(time.Second)
					ping(t, busy)
				}
				assert.InDelta(t, 60, (<-ended).Sub(began).Seconds(), 5)
				assert.Equal(t, 1, srv.Stats().Failed)
				if rec != nil {
					assert.Equal(t, "nothing came for 1m0s: closed", rec.AwaitText(t, event.Failed))
				}
				busy.Close()
			}
		})
	}
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
	t.Parallel() // it waits
	bytes := string(labtest.Random(60_000))
	for name, load := range map[string]struct {
		codec    framing.Codec
		opening  string // empty for what is no WebSocket
		repeated string
	}{
		"raw":                {nil, "", strings.Repeat("x", 256<<10)},
		"messages":           {framing.Lines{}, "", strings.Repeat(strings.Repeat("x", 63)+"\n", 4096)},
		"frames":             {nil, askWebSocket, sends(0x82, bytes)},
		"one long frame":     {nil, askWebSocket, head(0x82, 1<<20-1) + masked(strings.Repeat("x", 1<<20-1))},
		"fragments":          {nil, askWebSocket, sends(0x02, bytes) + sends(0x89, "") + sends(0x80, bytes)},
		"a flood of Pings":   {nil, askWebSocket, strings.Repeat(sends(0x89, "?"), 10_000)},
		"answers are packed": {nil, ask(deflateAlone), sends(0x82, bytes)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			either(t, func(t *testing.T, rec *labtest.Account) {
				s := serveOn(t, &server.Server{Codec: load.codec, Web: &server.Web{Deflate: true}, WriteTimeout: idle}, rec, small)
				c, _ := s.dialSmall(t)
				if load.opening != "" {
					write(t, c, []byte(load.opening))
					readHeader(t, c)
				}
				taken := stuff(c, []byte(load.repeated))
				labtest.Await(t, func() bool { return s.Stats().Failed == 1 }, "the count of the failure")
				if rec != nil {
					assert.Contains(t, rec.AwaitText(t, event.Failed), "took nothing")
				}
				stats := s.Stats()
				if load.opening == "" {
					assert.Less(t, stats.BytesIn-stats.BytesOut, int64(256<<10), "that much the server held")
				} else {
					assert.Less(t, stats.BytesIn, int64(4<<20), "what the server took of it")
				}
				assert.Less(t, taken, int64(16<<20), "the rest is the kernels'")
			})
		})
	}
}

func TestTheKernelForgetsAClientThatWasCutOff(t *testing.T) {
	labtest.OnLinux(t)
	t.Parallel()
	// The server has read a message of a MiB whole, and cannot send it back.
	s := serveOn(t, &server.Server{Codec: framing.LengthPrefix{}, WriteTimeout: idle}, nil, small)
	c, _ := s.dialSmall(t)
	write(t, c, dialects[2].frame(t, string(labtest.Random(1<<20))))
	// Not closed in good order: the kernel would keep what the client does not take for as long as the client lives.
	require.NoError(t, sock.AwaitState(labtest.Bounded(t), c, sock.StateClose))
}

// The time that a client may take nothing for begins with a write, and not with what was before it.
func TestSilenceDoesNotCountAsTakingNothing(t *testing.T) {
	secrets, trusts := labtest.Secrets(t)
	now := time.Now() // a bubble's clock is another
	secrets.Time = func() time.Time { return now }
	trusts.Time, trusts.ServerName = secrets.Time, "127.0.0.1"
	for name, config := range map[string]*tls.Config{"plain": nil, "TLS": trusts} {
		inBubble(t, name, func(t *testing.T) {
			srv := &server.Server{Web: &server.Web{TLS: secrets, Ping: -1}, WriteTimeout: time.Second}
			c := serveDesk(t, srv).dial(t)
			if config != nil {
				c = tls.Client(c, config)
			}
			shakeHands(t, c)
			time.Sleep(time.Minute)
			write(t, c, []byte(sends(0x81, "hello")))
			expect(t, c, []byte("\x81\x05hello"))
			time.Sleep(time.Minute)

			// Nor does it take from the time for an answer to a Close.
			ended := shutDown(t, srv)
			expect(t, c, []byte("\x88\x12\x03\xe9the server stops"))
			time.Sleep(3 * time.Second / 2)
			write(t, c, []byte(sends(0x88, closing(1001, ""))))
			_, err := c.Read(make([]byte, 1))
			assert.ErrorContains(t, err, "EOF")
			require.NoError(t, <-ended)
			assert.Equal(t, 1, srv.Stats().Away)
			assert.Zero(t, srv.Stats().Failed)
		})
	}
}

// In a bubble the clock goes on only when everybody waits, and a pipe holds nothing on its way: each read of the client
// is when the test says. It lets the server wait for nearly as long as it may before every one, and then for longer.
func TestAClientThatReadsSlowlyIsNotCutOffAndOneThatStopsIs(t *testing.T) {
	const timeout = time.Minute
	want := append([]byte("\x00\x00\xff\xff"), labtest.Random(1<<16-1)...) // bytes, and a message with its length
	download := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(want)))
		_, _ = w.Write(want)
	})
	for name, way := range map[string]struct {
		codec framing.Codec
		begin string // whose answer is read at once
		in    string
	}{
		"bytes": {nil, "", string(want)}, "messages": {framing.LengthPrefix{}, "", string(want)},
		"WebSocket": {nil, askWebSocket, sends(0x82, string(want))}, "HTTP": {nil, getStream, ""},
	} {
		inBubble(t, name, func(t *testing.T) {
			srv := &server.Server{Codec: way.codec, WriteTimeout: timeout, IdleTimeout: 10 * timeout,
				Web: &server.Web{Handler: download, Ping: -1}}
			c := serveDesk(t, srv).dial(t)
			if way.begin != "" {
				write(t, c, []byte(way.begin))
				readHeader(t, c)
			}
			go io.WriteString(c, way.in)
			want := want
			if name == "WebSocket" {
				expect(t, c, []byte("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x03"))
			}
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

// A saboteur is an account with a fault: it panics, once, over an event that it cannot take.
type saboteur struct {
	labtest.Account
	fault func(event.Event) bool
	once  sync.Once
}

func (a *saboteur) Record(e event.Event) {
	if a.fault(e) {
		a.once.Do(func() { panic("an account's bug") })
	}
	a.Account.Record(e)
}

func TestAPanicEndsOneWebSocketAndNobodyElseNotices(t *testing.T) {
	const boom = "boom"
	for _, kind := range []event.Kind{event.Read, event.Frame, event.Message, event.Write} {
		t.Run(string(kind), func(t *testing.T) {
			rec := &saboteur{fault: func(e event.Event) bool {
				return e.Ev == kind && (strings.Contains(string(e.Bytes), boom) || strings.Contains(string(e.Bytes), masked(boom)))
			}}
			s := serve(t, &server.Server{Web: new(server.Web), Recorder: rec}, nil)
			raw, honest, victim := dial(t, s.addr), dial(t, s.addr), dial(t, s.addr)
			shakeHands(t, honest)
			shakeHands(t, victim)
			write(t, victim, []byte(sends(0x81, boom)))
			got := readAll(t, victim)
			switch kind {
			case event.Frame, event.Message:
				frames, err := fromServer(got)
				require.NoError(t, err)
				assert.Equal(t, []string{refused(1011)}, frames)
				assert.NotContains(t, got, "bug", "what of is the server's own business")
			}
			victim.Close()
			labtest.Await(t, func() bool { return s.Stats().Failed == 1 }, "the count of the failure")
			assert.Contains(t, rec.AwaitText(t, event.Failed), "panic: an account's bug")

			ping(t, raw)
			write(t, honest, []byte(sends(0x81, "still here")+sends(0x88, "")))
			hears(t, honest, `81 "still here"`, `88 ""`)
		})
	}
}
