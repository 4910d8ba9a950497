package server_test

import (
	"bufio"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

func TestAnHTTPRequestIsOneWhereverItIsCut(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: new(server.Web)}, nil)
	for _, line := range []string{"GET / HTTP/1.1", "HEAD /healthz HTTP/1.1", "POST / HTTP/1.1", "DELETE / HTTP/1.1",
		"OPTIONS * HTTP/1.1", "GET http://localhost/ HTTP/1.1", "CONNECT localhost:1 HTTP/1.1"} {
		all := line + "\r\nHost: localhost\r\nConnection: close\r\n\r\n"
		for cut := 1; cut <= len(line); cut++ {
			client, atServer := s.connect(t)
			write(t, client, []byte(all[:cut]))
			drained(t, client, atServer)
			write(t, client, []byte(all[cut:]))
			resp, err := http.ReadResponse(bufio.NewReader(client), nil)
			require.NoError(t, err, "%q, then %q", all[:cut], all[cut:])
			assert.Equal(t, "HTTP/1.1", resp.Proto)
			client.Close()
		}
	}
}

func TestRawIsEchoedWithTheFirstByteThatIsNotHTTP(t *testing.T) {
	t.Parallel()
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, &server.Server{Web: new(server.Web)}, rec)
		for _, raw := range []string{"\x00", "x", " ", "\r", "GX", "GG", "g", "G\n", "GET\n", "GET x", "GET  ",
			"GETS", "PU ", "PO T", "POST/", "HEAD -",
			"OPTIONS x", "PRI x", "PRI * HTTP/1", "CONNECT  ", "GET http:/x", "GET httpx", "\x16\x03\x01"} {
			client, _ := s.connect(t)
			write(t, client, []byte(raw))
			expect(t, client, []byte(raw)) // though the client goes on waiting
			write(t, client, []byte("GET / HTTP/1.1\r\n\r\n"))
			expect(t, client, []byte("GET / HTTP/1.1\r\n\r\n"))
			client.Close()

			slow, atServer := s.connect(t)
			dribble(t, slow, atServer, raw)
			expect(t, slow, []byte(raw))
			slow.Close()
		}
	})
}

func TestABeginningThatTellsNothingIsEchoedAtItsEnd(t *testing.T) {
	t.Parallel()
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, &server.Server{Web: new(server.Web)}, rec)
		for _, start := range []string{"", "G", "GE", "GET", "GET ", "GET h", "GET http:/", "PRI * HTTP/2.0\r",
			"CONNECT "} {
			client, atServer := s.connect(t)
			dribble(t, client, atServer, start)
			require.NoError(t, client.CloseWrite())
			assert.Equal(t, start, readAll(t, client))
		}
	})
}

func TestABeginningThatTellsNothingIsEchoedAfterASilence(t *testing.T) {
	t.Parallel()
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, &server.Server{Web: &server.Web{HeaderTimeout: 50 * time.Millisecond}}, rec)
		for _, start := range []string{"G", "GET ", "CONNECT "} {
			client := dial(t, s.addr)
			write(t, client, []byte(start))
			expect(t, client, []byte(start))
			write(t, client, []byte("/ HTTP/1.1\r\n\r\n")) // too late
			expect(t, client, []byte("/ HTTP/1.1\r\n\r\n"))
		}
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
	web := serve(t, &server.Server{Web: &server.Web{Only: server.HTTP}}, nil)
	for in, status := range map[string]int{"GX\r\n\r\n": 400, "\x00\r\n\r\n": 400, askWebSocket: 101} {
		client := dial(t, web.addr)
		write(t, client, []byte(in))
		resp, err := http.ReadResponse(bufio.NewReader(client), nil)
		require.NoError(t, err, "%q", in)
		assert.Equal(t, status, resp.StatusCode, "%q", in)
	}
}

func TestACodecGetsAllThatWasLookedAt(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, d dialect) {
		t.Parallel()
		s := serve(t, &server.Server{Codec: d.server, Web: new(server.Web)}, nil)
		messages := d.messages
		if _, ok := d.server.(framing.Lines); ok {
			messages = []string{"G", "GET", "", "GET / HTTP/1.1"} // the first is raw with its end, and so is all
		}
		in := string(d.frame(t, messages...))
		for _, way := range []string{"in one write", "byte by byte"} {
			client, atServer := s.connect(t)
			if way == "in one write" {
				write(t, client, []byte(in))
			} else {
				dribble(t, client, atServer, in)
			}
			d.expect(t, bufio.NewReader(client), messages...)
		}
		client := dial(t, s.addr)
		shakeHands(t, client)
		write(t, client, []byte(sends(0x81, "the codec is not in the way")+sends(0x88, "")))
		hears(t, client, []string{`81 "the codec is not in the way"`, `88 ""`}, d.name)
	})
}
