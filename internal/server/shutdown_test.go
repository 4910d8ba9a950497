package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

func TestShutdownEndsIdleConnectionsInGoodOrder(t *testing.T) {
	t.Parallel()
	for name, codec := range map[string]framing.Codec{"bytes": nil, "messages": framing.Lines{}} {
		for way, rec := range map[string]*labtest.Account{"quiet": nil, "with an account": new(labtest.Account)} {
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				s := serve(t, &server.Server{Codec: codec}, rec)
				clients := []*net.TCPConn{dial(t, s.addr), dial(t, s.addr), dial(t, s.addr)}
				ping(t, clients[0]) // the others never sent anything
				labtest.Await(t, func() bool { return s.Stats().Conns == 3 }, "three connections")
				closed, err := s.Shutdown(labtest.Bounded(t))
				assert.NoError(t, err)
				assert.Zero(t, closed)
				for _, c := range clients {
					expectEnd(t, c)
				}
				assert.Equal(t, server.Stats{Conns: 3, BytesIn: 5, BytesOut: 5, Messages: s.Stats().Messages}, s.Stats())
				if rec != nil {
					for _, e := range rec.All(event.End) {
						assert.Contains(t, e.Text, "nothing came since the shutdown")
					}
					assert.Len(t, rec.All(event.End), 3)
				}
			})
		}
	}
}

// In a bubble nobody is silent because the machine is busy.
func TestShutdownLetsAnEchoFinish(t *testing.T) {
	for name, codec := range map[string]framing.Codec{"bytes": nil, "messages": framing.Fixed(1 << 16)} {
		inBubble(t, name, func(t *testing.T) {
			srv := &server.Server{Codec: codec}
			c := serveDesk(t, srv).dial(t)
			data := labtest.Random(4 << 20)
			go c.Write(data)
			expect(t, c, data[:1<<20])
			done := shutDown(t, srv)
			synctest.Wait()
			expect(t, c, data[1<<20:])
			expectEnd(t, c)
			assert.NoError(t, <-done)
			assert.Zero(t, srv.Stats().Failed)
			assert.EqualValues(t, len(data), srv.Stats().BytesOut)
		})
	}
}

func TestShutdownFlushesWhatIsOwedForAnUnfinishedMessage(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect) {
		synctest.Test(t, func(t *testing.T) {
			srv := &server.Server{Codec: d.server}
			c := serveDesk(t, srv).dial(t)
			stream := d.frame(t, "hello", "world")
			write(t, c, stream[:len(stream)-1])
			done := shutDown(t, srv)
			synctest.Wait()
			r := bufio.NewReader(c)
			d.expect(t, r, "hello")
			expectEnd(t, r)
			assert.NoError(t, <-done)
		})
	})
}

func TestShutdownClosesWhatDoesNotFinishInTime(t *testing.T) {
	for name, endless := range map[string]func(c net.Conn){
		"sends forever": func(c net.Conn) {
			go io.Copy(io.Discard, c)
			for _, err := c.Write([]byte("ping\n")); err == nil; _, err = c.Write([]byte("ping\n")) {
				time.Sleep(100 * time.Millisecond)
			}
		},
		"never reads": func(c net.Conn) { _, _ = c.Write(make([]byte, 1<<20)) },
	} {
		inBubble(t, name, func(t *testing.T) {
			srv := new(server.Server)
			d := serveDesk(t, srv)
			c, idler := d.dial(t), d.dial(t)
			ping(t, c)
			ping(t, idler)
			var running sync.WaitGroup
			defer running.Wait()
			running.Go(func() { endless(c) })
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			began := time.Now()
			go func() {
				_, err := idler.Read(make([]byte, 1))
				assert.Equal(t, io.EOF, err)
				assert.Less(t, time.Since(began), time.Second)
			}()
			closed, err := srv.Shutdown(ctx)
			assert.Equal(t, context.DeadlineExceeded, err)
			assert.Equal(t, 1, closed)
			assert.Equal(t, 2, srv.Stats().Conns)
			assert.Equal(t, 1, srv.Stats().Failed)
		})
	}
}

func TestShutdownWithAnEndedContextClosesAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec := new(labtest.Account)
	s := serve(t, new(server.Server), rec)
	ping(t, dial(t, s.addr))
	closed, err := s.Shutdown(ctx)
	assert.Equal(t, context.Canceled, err)
	assert.Equal(t, 1, closed)
	assert.Equal(t, "closed with the server, before its echo had finished", rec.AwaitText(t, event.Failed))
}

func TestAClientMayEndItsSideDuringAShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := new(labtest.Account)
		srv := &server.Server{Recorder: rec}
		c := serveDesk(t, srv).dial(t)
		ping(t, c)
		done := shutDown(t, srv)
		synctest.Wait()
		ping(t, c)
		require.NoError(t, c.Close())
		require.NoError(t, <-done)
		assert.Contains(t, rec.AwaitText(t, event.End), "the client ended its side")
	})
}

func TestShutdownWithNothingOpenNeedsNoTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // it must not depend on which of two things is seen first
		closed, err := new(server.Server).Shutdown(ctx)
		require.NoError(t, err)
		require.Zero(t, closed)
	}
}

func TestAServerThatWasClosedDoesNotServe(t *testing.T) {
	for name, end := range map[string]func(*server.Server){
		"close":    (*server.Server).Close,
		"shutdown": func(s *server.Server) { s.Shutdown(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			srv := &server.Server{Web: new(server.Web)}
			end(srv)
			for range 2 {
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				require.NoError(t, err)
				assert.Equal(t, server.ErrServerClosed, srv.Serve(ln))
				_, err = ln.Accept()
				assert.ErrorIs(t, err, net.ErrClosed, "Serve closes its listener")
			}
			end(srv)
		})
	}
}

func TestAServerMayBeEndedByManyAtOnce(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	srv := new(server.Server)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	for range 10 {
		c, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(t, err)
		defer c.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), labtest.Watchdog)
	defer cancel()
	var enders sync.WaitGroup
	for range 5 {
		enders.Go(srv.Close)
		enders.Go(func() {
			_, err := srv.Shutdown(ctx)
			assert.NoError(t, err)
		})
	}
	enders.Wait()
	assert.Equal(t, server.ErrServerClosed, <-done)
}

// late is a listener whose connection comes when it is being closed.
type late struct {
	*desk
	waits chan struct{} // something comes with every Accept
	conn  chan net.Conn
}

func (l late) Accept() (net.Conn, error) {
	l.waits <- struct{}{}
	<-l.closed
	select {
	case c := <-l.conn:
		return c, nil
	default:
		return nil, net.ErrClosed
	}
}

func TestAConnectionThatComesWithTheEndIsClosed(t *testing.T) {
	client, atServer := net.Pipe()
	defer client.Close()
	ln := late{newDesk(), make(chan struct{}, 2), make(chan net.Conn, 1)}
	ln.conn <- atServer
	srv := new(server.Server)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	<-ln.waits
	srv.Close()
	assert.Equal(t, server.ErrServerClosed, <-done)
	assert.Zero(t, srv.Stats().Conns)
	_, err := client.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err)
}

// A meeting is a connection whose second deadline and that of a shutdown meet: the shutdown comes, and sets its own,
// when the second was decided on and is not set yet.
type meeting struct {
	net.Conn
	calls    atomic.Int32
	shutdown func()
	again    chan struct{}
}

func (m *meeting) SetReadDeadline(at time.Time) error {
	switch m.calls.Add(1) {
	case 2:
		go m.shutdown()
		<-m.again
	case 3:
		defer close(m.again)
	}
	return m.Conn.SetReadDeadline(at)
}

func TestAShutdownThatMeetsADeadlineIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, atServer := net.Pipe()
		defer client.Close()
		srv := new(server.Server)
		ended := make(chan error, 1)
		m := &meeting{Conn: atServer, again: make(chan struct{}), shutdown: func() {
			_, err := srv.Shutdown(context.Background())
			ended <- err
		}}
		serveUntilEnd(t, srv, newDesk(accepted{conn: m}))
		time.Sleep(time.Minute) // so that a deadline is due again after what follows
		began := time.Now()
		ping(t, client)
		require.NoError(t, <-ended)
		assert.Less(t, time.Since(began), time.Second)
	})
}

func TestASecondShutdownTakesNoTimeFromAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &server.Server{Web: new(server.Web)}
		c := serveDesk(t, srv).webSocket(t)
		var ends sync.WaitGroup
		ends.Go(func() {
			_, err := srv.Shutdown(context.Background())
			assert.NoError(t, err)
		})
		expect(t, c, []byte("\x88\x12\x03\xe9the server stops"))
		synctest.Wait() // until the server waits for the answer
		ends.Go(func() {
			_, err := srv.Shutdown(context.Background())
			assert.NoError(t, err)
		})
		synctest.Wait()
		write(t, c, []byte(sends(0x88, closing(1001, ""))))
		ends.Wait()
		assert.Equal(t, 1, srv.Stats().Away)
		assert.Zero(t, srv.Stats().Failed)
		c.Close()
	})
}

// A tapped connection keeps what was read from it.
type tapped struct {
	net.Conn
	in []byte
}

func (c *tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.in = append(c.in, p[:n]...)
	return n, err
}

// A client that gets no close_notify cannot know whether that was all (RFC 8446 section 6.1).
func TestTheEndOfTLSIsSaidInsideToo(t *testing.T) {
	config, trusts := labtest.Secrets(t)
	trusts.ServerName, trusts.MaxVersion = "127.0.0.1", tls.VersionTLS12 // later ones hide what an alert is
	s := serve(t, &server.Server{Web: &server.Web{TLS: config}}, nil)
	below := &tapped{Conn: dial(t, s.addr)}
	c := tls.Client(below, trusts)
	write(t, c, []byte("\xffhello"))
	require.NoError(t, c.CloseWrite())
	b, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, "\xffhello", string(b))
	var last byte // kind of record
	for in := below.in; len(in) >= 5; in = in[5+(int(in[3])<<8|int(in[4])):] {
		last = in[0]
	}
	assert.EqualValues(t, 21, last, "an alert")
}
