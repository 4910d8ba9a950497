package server_test

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

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

// silent waits as long as nothing may come, and checks that nothing does.
func silent(t *testing.T, c net.Conn, d time.Duration) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(d)))
	n, err := c.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Zero(t, n)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(labtest.Watchdog)))
}

// The time that a client may take nothing for begins with a write, and not with what was before it.
func TestSilenceDoesNotCountAsTakingNothing(t *testing.T) {
	t.Parallel()
	const patience = 50 * time.Millisecond
	secrets, trusts := labtest.Secrets(t)
	for name, config := range map[string]*tls.Config{"plain": nil, "TLS": trusts} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			either(t, func(t *testing.T, rec *labtest.Account) {
				s := serve(t, &server.Server{Web: &server.Web{TLS: secrets}, WriteTimeout: patience}, rec)
				var c net.Conn = dial(t, s.addr)
				if config != nil {
					config = config.Clone()
					config.ServerName = "127.0.0.1"
					c = tls.Client(c, config)
				}
				shakeHands(t, c)
				silent(t, c, 3*patience)
				write(t, c, []byte(sends(0x81, "hello")))
				expect(t, c, []byte("\x81\x05hello"))
				silent(t, c, 3*patience)

				// Nor does it take from the time for an answer to a Close.
				ended := make(chan error, 1)
				go func() {
					_, err := s.Shutdown(labtest.Bounded(t))
					ended <- err
				}()
				frame := make([]byte, 2)
				expect(t, c, []byte("\x88\x12\x03\xe9the server stops"))
				silent(t, c, 3*patience)
				write(t, c, []byte(sends(0x88, closing(1001, ""))))
				_, err := c.Read(frame)
				assert.ErrorContains(t, err, "EOF")
				require.NoError(t, <-ended)
				assert.Equal(t, 1, s.Stats().Away)
				assert.Zero(t, s.Stats().Failed)
			})
		})
	}
}

func TestAWebSocketThatNeverReadsIsCutOff(t *testing.T) {
	t.Parallel()
	bytes := string(labtest.Random(60_000))
	for name, in := range map[string]string{
		"bytes":              sends(0x82, bytes),
		"one long frame":     head(0x82, 1<<20-1) + masked(strings.Repeat("x", 1<<20-1)),
		"fragments":          sends(0x02, bytes) + sends(0x89, "") + sends(0x80, bytes),
		"a flood of Pings":   strings.Repeat(sends(0x89, "?"), 10_000),
		"answers are packed": sends(0x82, bytes),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			either(t, func(t *testing.T, rec *labtest.Account) {
				srv := &server.Server{Web: &server.Web{Deflate: true}, WriteTimeout: idle}
				s := serveOn(t, srv, rec, small)
				c, _ := s.dialSmall(t)
				if name == "answers are packed" {
					write(t, c, []byte(ask("permessage-deflate")))
					require.NotEmpty(t, agree(t, c))
				} else {
					shakeHands(t, c)
				}
				taken := stuff(c, []byte(in))
				labtest.Await(t, func() bool { return s.Stats().Failed == 1 }, "the count of the failure")
				if rec != nil {
					assert.Contains(t, rec.AwaitText(t, event.Failed), "took nothing")
				}
				assert.Less(t, taken, int64(16<<20), "the rest is the kernels'")
				assert.Less(t, s.Stats().BytesIn, int64(4<<20), "what the server took of it")
			})
		})
	}
}

func TestWhoeverNeverReadsCostsItsBuffers(t *testing.T) {
	if labtest.UnderRace {
		t.Skip("the race detector has memory of its own for everything: without it this is tested")
	}
	const n = 20
	goroutines := runtime.NumGoroutine() + 2 // Serve and net/http's
	s := serveOn(t, &server.Server{Web: new(server.Web)}, nil, small)
	without := base{goroutines, held(t, goroutines)}
	var senders sync.WaitGroup
	for range n {
		c, _ := s.dialSmall(t)
		require.NoError(t, c.SetWriteBuffer(onTheWay))
		shakeHands(t, c)
		senders.Go(func() { stuffFull(c, sends(0x81, strings.Repeat("x", 60_000))) })
	}
	senders.Wait()
	assert.Less(t, without.share(t, n), 1<<20, "what was read, and what is owed for it")
}

// stuffFull writes the same again and again, until nobody has taken anything for a while.
func stuffFull(c net.Conn, s string) {
	for rest := s; ; {
		if rest == "" {
			rest = s
		}
		c.SetWriteDeadline(time.Now().Add(idle))
		n, err := io.WriteString(c, rest)
		if n == 0 && err != nil {
			return
		}
		rest = rest[n:]
	}
}
