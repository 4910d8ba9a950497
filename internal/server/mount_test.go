package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

// pages are a program's handlers, as wsserver has them.
func pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a page\n") })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	return mux
}

const getStream = "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n"

// A streamer sends a line every second until its request ends.
type streamer struct{ cause chan error }

func (s streamer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-r.Context().Done():
			tick.Stop()
			s.cause <- context.Cause(r.Context())
			return
		case <-tick.C:
		}
		if _, err := io.WriteString(w, "data: tick\n\n"); err == nil {
			_ = http.NewResponseController(w).Flush()
		}
	}
}

func TestAStreamThatIsReadLastsAndEndsWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := streamer{make(chan error, 1)}
		srv := &server.Server{WriteTimeout: 5 * time.Second, IdleTimeout: 10 * time.Second,
			Web: &server.Web{Handler: h, HeaderTimeout: 5 * time.Second}}
		d := serveDesk(t, srv)
		c := d.dial(t)
		write(t, c, []byte(getStream))
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		body := bufio.NewReader(response.Body)
		for range 100 { // far longer than any limit
			line, err := body.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "data: tick\n", line)
			_, err = body.ReadString('\n')
			require.NoError(t, err)
		}
		go io.Copy(io.Discard, body)
		began := time.Now()
		closed, err := srv.Shutdown(context.Background())
		assert.NoError(t, err)
		assert.Zero(t, closed)
		assert.Equal(t, server.ErrServerClosed, <-h.cause)
		assert.Less(t, time.Since(began), 2*time.Second)
	})
}

func TestAStreamThatNobodyReadsIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := streamer{make(chan error, 1)}
		srv := &server.Server{WriteTimeout: 5 * time.Second, Web: &server.Web{Handler: h}}
		d := serveDesk(t, srv)
		c := d.dial(t)
		write(t, c, []byte(getStream))
		began := time.Now()
		assert.Equal(t, context.Canceled, <-h.cause)
		assert.LessOrEqual(t, time.Since(began), 7*time.Second)
		synctest.Wait()
		assert.Zero(t, srv.Stats().Open)
		assert.Equal(t, 1, srv.Stats().Failed)
		c.Close()
	})
}

// slow answers an hour later, or when its request ends.
func slow(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	select {
	case <-time.After(time.Hour):
		_, _ = w.Write(append(b, " at last"...))
	case <-r.Context().Done():
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func TestAHandlerMayTakeItsTime(t *testing.T) {
	for name, request := range map[string]string{
		"without a body": getStream,
		"with a body":    "POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
	} {
		inBubble(t, name, func(t *testing.T) {
			srv := &server.Server{Web: &server.Web{Handler: http.HandlerFunc(slow)}}
			d := serveDesk(t, srv)
			c := d.dial(t)
			in := bufio.NewReader(c)
			for range 2 { // on one connection
				write(t, c, []byte(request))
				response, err := http.ReadResponse(in, nil)
				require.NoError(t, err)
				b, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				assert.True(t, strings.HasSuffix(string(b), " at last"), "%q", b)
			}
			write(t, c, []byte(request))
			synctest.Wait()
			ended := shutDown(t, srv)
			response, err := http.ReadResponse(in, nil)
			require.NoError(t, err)
			assert.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
			require.NoError(t, <-ended)
			c.Close()
		})
	}
}

func TestAHandlerThatIsDeafIsClosedWithTheServer(t *testing.T) {
	deaf := func(http.ResponseWriter, *http.Request) { time.Sleep(time.Hour) }
	synctest.Test(t, func(t *testing.T) {
		srv := &server.Server{Web: &server.Web{Handler: http.HandlerFunc(deaf)}}
		d := serveDesk(t, srv)
		c := d.dial(t)
		write(t, c, []byte(getStream))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		closed, err := srv.Shutdown(ctx)
		assert.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, 1, closed)
		time.Sleep(time.Hour)
	})
}

func TestAProgramSendsAndReceivesWholeMessages(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a long message ", 10_000)
	for name, offer := range map[string]string{"plain": noExtension, "compressed": deflateOffer} {
		t.Run(name, func(t *testing.T) {
			either(t, func(t *testing.T, rec *labtest.Account) {
				sockets := make(chan *server.Socket, 1)
				program := func(s *server.Socket) func(bool, []byte) error {
					_ = s.Send(true, []byte("welcome to "+s.Request.URL.String()))
					sockets <- s
					return func(text bool, msg []byte) error {
						err := s.Send(!text, []byte(strings.ToUpper(string(msg))))
						if string(msg) == "end" {
							err = errors.Join(err, s.Close(4000, "that was it"))
						}
						return err
					}
				}
				s := serve(t, &server.Server{Web: &server.Web{Deflate: true, WebSockets: map[string]server.Program{
					"/feed": program, "/ws": nil,
				}}}, rec)
				client := dial(t, s.addr)
				write(t, client, []byte(strings.Replace(ask(offer), "GET /ws ", "GET /feed?from=7 ", 1)))
				agree(t, client)
				socket := <-sockets
				require.NoError(t, socket.Send(false, []byte("unasked")))
				assert.Equal(t, server.ErrNotText, socket.Send(true, []byte("\xff")))
				for code, reason := range map[int]string{1006: "", 999: "", 5000: "", 1<<16 + 1000: "", -1: "", 1000: "\xff"} {
					assert.ErrorContains(t, socket.Close(code, reason), strconv.Itoa(code))
				}
				feed(t, client, sends(0x02, long[:70_000])+sends(0x89, "?")+sends(0x80, long[70_000:])+sends(0x82, long)+
					sends(0x81, "end"))
				upper := strings.ToUpper(long)
				want := []string{line(0x81, "welcome to /feed?from=7"), `8a "?"`,
					line(0x81, upper), line(0x81, upper), line(0x82, "END"), refused(4000)}
				got, err := messagesFrom(readAll(t, client), &takeover{bits: 15, none: true})
				require.NoError(t, err)
				unasked := slices.Index(got, `82 "unasked"`) // it may come before or after the Pong
				require.Positive(t, unasked, "%q", got)
				require.Equal(t, want, slices.Delete(got, unasked, unasked+1))
				<-socket.Context().Done()
				assert.ErrorIs(t, socket.Send(true, nil), net.ErrClosed)

				other := s.webSocket(t)
				write(t, other, []byte(sends(0x81, "the echo is beside it")))
				expect(t, other, []byte("\x81\x15the echo is beside it"))
			})
		})
	}
}

func TestAProgramsErrorIsTheClientsClose(t *testing.T) {
	for err, want := range map[error]string{
		&framing.ProtocolError{Code: 4001, Text: "no such topic"}: closing(4001, "no such topic"),
		errors.New("a secret"):                            closing(1011, "the server failed"),
		&framing.ProtocolError{Code: 1006, Text: "a lie"}: closing(1011, "the server failed"),
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := &server.Server{Web: &server.Web{WebSockets: map[string]server.Program{
				"/ws": func(*server.Socket) func(bool, []byte) error { return func(bool, []byte) error { return err } },
			}}}
			c := serveDesk(t, srv).webSocket(t)
			write(t, c, []byte(sends(0x81, "hello")))
			expect(t, c, []byte("\x88"+string(byte(len(want)))+want))
			c.Close()
		})
	}
}

// collect is a program that hands out its sockets.
func collect() (*server.Web, chan *server.Socket) {
	sockets := make(chan *server.Socket, 1)
	return &server.Web{WebSockets: map[string]server.Program{
		"/ws": func(s *server.Socket) func(bool, []byte) error {
			sockets <- s
			return func(bool, []byte) error { return nil }
		},
	}}, sockets
}

func TestAProgramsClientMeetsTheSameLimits(t *testing.T) {
	inBubble(t, "it is asked, although it is sent to", func(t *testing.T) {
		web, sockets := collect()
		srv := &server.Server{WriteTimeout: 5 * time.Second, Web: web}
		c := serveDesk(t, srv).webSocket(t)
		socket, began := <-sockets, time.Now()
		var sending sync.WaitGroup
		defer sending.Wait()
		sending.Go(func() {
			for socket.Send(false, nil) == nil {
				time.Sleep(time.Second)
			}
		})
		defer c.Close()
		r := bufio.NewReader(c)
		var first byte
		for first != 0x89 {
			var err error
			first, err = r.ReadByte()
			require.NoError(t, err)
			_, err = r.ReadByte()
			require.NoError(t, err)
		}
		assert.InDelta(t, 30, time.Since(began).Seconds(), 3, "which is when the Ping is due")
		b, err := io.ReadAll(r)
		assert.NoError(t, err)
		assert.Contains(t, string(b), closing(1011, ""))
		assert.InDelta(t, 40, time.Since(began).Seconds(), 4)
		<-socket.Context().Done()
	})
	inBubble(t, "it may be behind, and not for long", func(t *testing.T) {
		web, sockets := collect()
		srv := &server.Server{WriteTimeout: 5 * time.Second, Web: web}
		c := serveDesk(t, srv).webSocket(t)
		socket := <-sockets
		block, sent := make([]byte, 100<<10), 0
		for socket.Send(false, block) == nil {
			sent++
			synctest.Wait()
		}
		assert.ErrorIs(t, socket.Send(false, block), server.ErrBehind)
		assert.InDelta(t, server.MaxQueued/len(block), sent, 2)
		<-socket.Context().Done()
		synctest.Wait()
		assert.Equal(t, 1, srv.Stats().Failed)
		c.Close()
	})
	inBubble(t, "it leaves with the server", func(t *testing.T) {
		web, sockets := collect()
		srv := &server.Server{Web: web}
		c := serveDesk(t, srv).webSocket(t)
		socket := <-sockets
		ended := shutDown(t, srv)
		expect(t, c, []byte("\x88\x12\x03\xe9the server stops"))
		<-socket.Context().Done()
		write(t, c, []byte(sends(0x88, closing(1001, ""))))
		require.NoError(t, <-ended)
		assert.Equal(t, 1, srv.Stats().Away)
		c.Close()
	})
}

// upper is a protocol of the test's own: a line that begins with "UP ", and comes back in capitals.
var upper = server.Custom{
	Name: "upper",
	Starts: func(b []byte) (is, more bool) {
		const start = "UP "
		return strings.HasPrefix(string(b), start), len(b) < len(start) && strings.HasPrefix(start, string(b))
	},
	Serve: func(ctx context.Context, c net.Conn) error {
		for r := bufio.NewReader(c); ; {
			line, err := r.ReadString('\n')
			if err == io.EOF && line == "" || ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			if _, err := io.WriteString(c, strings.ToUpper(line)); err != nil {
				return err
			}
		}
	},
}

func TestAProtocolOfTheProgramsOwnIsOnTheSamePort(t *testing.T) {
	for way, sendIt := range map[string]func(t *testing.T, c net.Conn, s string){
		"at once": func(t *testing.T, c net.Conn, s string) { write(t, c, []byte(s)) },
		"byte by byte": func(t *testing.T, c net.Conn, s string) {
			for i := range len(s) {
				write(t, c, []byte(s[i:i+1]))
			}
		},
	} {
		inBubble(t, way, func(t *testing.T) {
			srv := &server.Server{IdleTimeout: time.Minute, Web: &server.Web{Protocols: []server.Custom{upper}}}
			d := serveDesk(t, srv)
			c := d.dial(t)
			sendIt(t, c, "UP hello\n")
			expect(t, c, []byte("UP HELLO\n"))
			raw := d.dial(t)
			go sendIt(t, raw, "UPhello\n")
			expect(t, raw, []byte("UPhello\n"))
			raw.Close()

			began := time.Now()
			_, err := c.Read(make([]byte, 1))
			assert.Equal(t, io.EOF, err)
			assert.InDelta(t, 60, time.Since(began).Seconds(), 6, "the limit is the server's")

			last := d.dial(t)
			sendIt(t, last, "UP bye\n")
			expect(t, last, []byte("UP BYE\n"))
			_, err = srv.Shutdown(context.Background())
			assert.NoError(t, err)
			assert.Equal(t, 2, srv.Stats().Custom)
			assert.Equal(t, 1, srv.Stats().Raw)
		})
	}
}
