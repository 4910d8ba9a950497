package server_test

import (
	"bufio"
	"net/http"
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

func TestAnHTTPRequestIsOneWhereverItIsCut(t *testing.T) {
	t.Parallel()
	d := serveDesk(t, &server.Server{Web: new(server.Web)})
	for _, line := range []string{"GET / HTTP/1.1", "HEAD /healthz HTTP/1.1", "POST / HTTP/1.1", "DELETE / HTTP/1.1",
		"OPTIONS * HTTP/1.1", "GET http://localhost/ HTTP/1.1", "CONNECT localhost:1 HTTP/1.1"} {
		all := line + "\r\nHost: localhost\r\nConnection: close\r\n\r\n"
		for cut := 1; cut <= len(line); cut++ {
			got := d.play(t, all[:cut], all[cut:])
			assert.True(t, strings.HasPrefix(got, "HTTP/1.1 "), "%q, then %q: %q", all[:cut], all[cut:], got)
		}
	}
}

func TestRawIsEchoedWithTheFirstByteThatIsNotHTTP(t *testing.T) {
	t.Parallel()
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, &server.Server{Web: new(server.Web)}, rec)
		d := serveDesk(t, &server.Server{Web: new(server.Web)})
		for _, raw := range []string{"\x00", "x", " ", "\r", "GX", "GG", "g", "G\n", "GET\n", "GET x", "GET  ",
			"GETS", "PU ", "PO T", "POST/", "HEAD -",
			"OPTIONS x", "PRI x", "PRI * HTTP/1", "CONNECT  ", "GET http:/x", "GET httpx", "\x16\x03\x01"} {
			client := dial(t, s.addr)
			write(t, client, []byte(raw))
			expect(t, client, []byte(raw)) // though the client goes on waiting
			write(t, client, []byte("GET / HTTP/1.1\r\n\r\n"))
			expect(t, client, []byte("GET / HTTP/1.1\r\n\r\n"))
			client.Close()

			slow := d.dial(t)
			go func() {
				for i := range raw {
					_, _ = slow.Write([]byte(raw[i : i+1]))
				}
			}()
			expect(t, slow, []byte(raw))
			slow.Close()
		}
	})
}

func TestABeginningThatTellsNothingIsEchoed(t *testing.T) {
	t.Run("at its end", func(t *testing.T) {
		eachAccount(t, &server.Server{Web: new(server.Web)}, func(d *desk, how string) {
			for _, start := range []string{"", "G", "GE", "GET", "GET ", "GET h", "GET http:/", "PRI * HTTP/2.0\r", "CONNECT "} {
				assert.Equal(t, start, d.play(t, strings.Split(start, "")...), how)
			}
		})
	})
	inBubble(t, "after a silence", func(t *testing.T) {
		eachAccount(t, &server.Server{Web: &server.Web{HeaderTimeout: time.Second}}, func(d *desk, _ string) {
			for _, start := range []string{"G", "GET ", "CONNECT "} {
				client := d.dial(t)
				write(t, client, []byte(start))
				expect(t, client, []byte(start))
				write(t, client, []byte("/ HTTP/1.1\r\n\r\n")) // too late
				expect(t, client, []byte("/ HTTP/1.1\r\n\r\n"))
				client.Close()
			}
		})
	})
}

// TestBytesThatDoNotDecideWinNoTime sends the longest beginning that leaves open what it is, slowly: it is taken for raw
// bytes a HeaderTimeout after the first of them, and not after each.
func TestBytesThatDoNotDecideWinNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout, open = 3 * time.Second, "OPTIONS https:/"
		c := serveDesk(t, &server.Server{Web: &server.Web{HeaderTimeout: timeout}}).dial(t)
		began := time.Now()
		var writing sync.WaitGroup
		defer writing.Wait()
		writing.Go(func() {
			for i := range open {
				if _, err := c.Write([]byte(open[i : i+1])); err != nil {
					return // the test has seen enough
				}
				time.Sleep(timeout / 3)
			}
		})
		got := make([]byte, 64)
		n, err := c.Read(got)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(open, string(got[:n])), "%q", got[:n])
		assert.InDelta(t, timeout.Seconds(), time.Since(began).Seconds(), timeout.Seconds()/8, "and the slack of a deadline")
		c.Close()
	})
}

func TestWithOnlyOneProtocolNothingIsDecided(t *testing.T) {
	t.Parallel()
	raw := serve(t, &server.Server{Web: &server.Web{Only: server.Raw}}, nil)
	for _, in := range []string{"G", askWebSocket, "\x16\x03\x01\x00\x05\x01"} {
		client := dial(t, raw.addr)
		write(t, client, []byte(in))
		expect(t, client, []byte(in))
	}
	secrets, _ := labtest.Secrets(t)
	for _, web := range []*server.Web{{Only: server.HTTP}, {Only: server.HTTP, TLS: secrets}} {
		s := serve(t, &server.Server{Web: web}, nil)
		for in, status := range map[string]int{"GX\r\n\r\n": 400, "\x00\r\n\r\n": 400, askWebSocket: 101} {
			client := dial(t, s.addr)
			write(t, client, []byte(in))
			resp, err := http.ReadResponse(bufio.NewReader(client), nil)
			require.NoError(t, err, "%q", in)
			assert.Equal(t, status, resp.StatusCode, "%q", in)
		}
		// What leaves open whether it is TLS is HTTP at its end, and broken.
		assert.True(t, web.TLS == nil || strings.HasPrefix(serveDesk(t, &server.Server{Web: web}).play(t, "\x16\x03"), "HTTP/1.1 400 "))
	}
}

func TestACodecGetsAllThatWasLookedAt(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, d dialect) {
		messages := d.messages
		if _, ok := d.server.(framing.Lines); ok {
			messages = []string{"G", "GET", "", "GET / HTTP/1.1"} // the first is raw with its end, and so is all
		}
		in := string(d.frame(t, messages...))
		eachAccount(t, &server.Server{Codec: d.server, Web: new(server.Web)}, func(desk *desk, _ string) {
			for _, parts := range [][]string{{in}, dribbled(in)} {
				d.expect(t, bufio.NewReader(strings.NewReader(desk.play(t, parts...))), messages...)
			}
			const beside = "the codec is not in the way"
			got, err := fromServer(afterSwitch(t, desk.play(t, askWebSocket, sends(0x81, beside)+sends(0x88, ""))))
			require.NoError(t, err)
			require.Equal(t, []string{line(0x81, beside), `88 ""`}, got)
		})
	})
}
