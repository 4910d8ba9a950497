package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/text/texttest"
)

// upgradeFor is a request for a WebSocket with that target and Host.
func upgradeFor(target, host string) string {
	return strings.Replace(strings.Replace(askWebSocket, "GET /ws ", "GET "+target+" ", 1), "Host: localhost\r\n", "Host: "+host+"\r\n", 1)
}

// status is that of the first answer to what is sent; 0 if it is sent back.
func status(t *testing.T, addr, sent string) int {
	t.Helper()
	c := dial(t, addr)
	write(t, c, []byte(sent))
	require.NoError(t, c.CloseWrite())
	r := bufio.NewReader(c)
	if b, _ := r.Peek(5); string(b) != "HTTP/" {
		return 0
	}
	resp, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	return resp.StatusCode
}

// TestARequestIsForAHostThatTheServerHas: what a page that makes its own name resolve to this machine cannot be.
func TestARequestIsForAHostThatTheServerHas(t *testing.T) {
	name, err := os.Hostname()
	require.NoError(t, err)
	here := serve(t, &server.Server{Web: &server.Web{Hosts: []string{"lab.example"}}}, nil)
	_, port, err := net.SplitHostPort(here.addr)
	require.NoError(t, err)
	ln, err := net.Listen("tcp4", "0.0.0.0:0")
	require.NoError(t, err)
	serveUntilEnd(t, &server.Server{Web: new(server.Web)}, ln)
	everywhere := strings.Replace(ln.Addr().String(), "0.0.0.0", "127.0.0.1", 1)
	any := serve(t, &server.Server{Web: &server.Web{Hosts: []string{"*"}}}, nil)
	for _, c := range []struct {
		addr, host string
		want       int
	}{
		{here.addr, "127.0.0.1:" + port, 101}, {here.addr, "127.0.0.1", 101}, {here.addr, "127.0.0.1:1", 101}, {here.addr, "127.9.9.9", 101},
		{here.addr, "localhost", 101}, {here.addr, "LocalHost.:80", 101}, {here.addr, "a.localhost", 101}, {here.addr, "[::1]:80", 101},
		{here.addr, "[::ffff:127.0.0.1]", 101}, {here.addr, "lab.example", 101}, {here.addr, "LAB.example:443", 101},
		{here.addr, "evil.example", 421}, {here.addr, "evil.example:" + port, 421}, {here.addr, "localhost.evil.example", 421},
		{here.addr, "notlocalhost", 421}, {here.addr, "127.0.0.1.evil.example", 421}, {here.addr, "lab.example.evil.example", 421},
		{here.addr, "0.0.0.0", 421}, {here.addr, "192.0.2.1", 421}, {here.addr, "localhost:x", 421}, {here.addr, "[::1", 421},
		{here.addr, name, 421}, {everywhere, name, 101}, {everywhere, "127.0.0.1", 101}, {everywhere, "evil.example", 421}, {everywhere, "192.0.2.1", 421},
		{any.addr, "evil.example", 101},
	} {
		assert.Equal(t, c.want, status(t, c.addr, upgradeFor("/ws", c.host)), "%s at %s", c.host, c.addr)
		if c.want != 101 { // whatever is asked for
			assert.Equal(t, c.want, status(t, c.addr, "GET / HTTP/1.1\r\nHost: "+c.host+"\r\n\r\n"), c.host)
		}
	}
	assert.Equal(t, 404, status(t, here.addr, "GET / HTTP/1.0\r\n\r\n"), "who names no host is no browser")
	assert.Equal(t, 421, status(t, here.addr, upgradeFor("http://evil.example/ws", "127.0.0.1")), "the target's host counts (RFC 9112, 3.2.2)")
}

func TestTheSchemeOfATargetMayBeInAnyCase(t *testing.T) {
	s := serve(t, &server.Server{Web: new(server.Web)}, nil)
	for target, want := range map[string]int{
		"http://127.0.0.1/ws": 101, "HTTP://127.0.0.1/ws": 101, "hTTp://127.0.0.1/ws": 101,
		"https://127.0.0.1/ws": 421, "HTTPS://127.0.0.1/ws": 421,
		"ws://127.0.0.1/ws": 0, "WS://127.0.0.1/ws": 0, "ftp://127.0.0.1/": 0, // no request of HTTP: sent back
	} {
		assert.Equal(t, want, status(t, s.addr, upgradeFor(target, "127.0.0.1")), target)
	}
	assert.Zero(t, status(t, s.addr, "\r\n"+askWebSocket), "an empty line is none either")
}

// TestARequestIsToldWithItsOwnBytes: those before it on the connection, and their bodies, are not among them.
func TestARequestIsToldWithItsOwnBytes(t *testing.T) {
	asked := upgradeFor("/ws", "127.0.0.1")
	for name, before := range map[string]string{
		"nothing":          "",
		"a request":        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"a body":           "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 11\r\n\r\nhello=world",
		"empty lines":      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 8\r\n\r\n\r\n\r\n\r\n\r\n",
		"chunks":           "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"bare line feeds":  "GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
		"many, and a body": strings.Repeat("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 5) + "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\nGE",
	} {
		for _, size := range []int{1 << 20, 7, 1} {
			rec := new(labtest.Account)
			var parts []string
			for part := range slices.Chunk([]byte(before+asked+sends(0x88, "")), size) {
				parts = append(parts, string(part))
			}
			serveDesk(t, &server.Server{Web: new(server.Web), Recorder: rec}).play(t, parts...)
			var told []event.Event
			for _, e := range rec.All(event.Request) {
				if e.Span != nil {
					told = append(told, e)
				}
			}
			require.Len(t, told, 1, name)
			assert.Equal(t, asked, string(told[0].Bytes), name)
			assert.Equal(t, event.Span{Off: int64(len(before)), N: len(asked)}, *told[0].Span, name)
		}
	}
}

func TestARefusedUpgradeIsToldOnEveryPath(t *testing.T) {
	for path, handler := range map[string]http.Handler{
		"/socket.io/?EIO=4&transport=websocket": nil,
		"/page":                                 http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a page") }),
		"/gone":                                 http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }),
		"/mute":                                 http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
	} {
		rec := new(labtest.Account)
		serveDesk(t, &server.Server{Web: &server.Web{Handler: handler}, Recorder: rec}).play(t, upgradeFor(path, "localhost"))
		asked, refused := rec.All(event.Request), rec.All(event.Refused)
		require.Len(t, asked, 1, path)
		assert.Contains(t, string(asked[0].Bytes), "Upgrade: websocket")
		require.Len(t, refused, 1, path)
		texttest.Mentions(t, refused[0].Text, "the handshake: … there is no WebSocket on /"+path[1:5])
	}
}

func TestASubprotocolThatIsAskedForIsTold(t *testing.T) {
	rec := new(labtest.Account)
	ask := strings.Replace(askWebSocket, "\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat, \x1b[31m\u202e\r\n\r\n", 1)
	serveDesk(t, &server.Server{Web: new(server.Web), Recorder: rec}).play(t, strings.Replace(ask, "\x1b", "", 1)+sends(0x88, ""))
	texttest.Mentions(t, rec.All(event.Request)[0].Text, `asks for a WebSocket … "chat, [31m\u202e" … chooses`)
}

func TestAPathBeginsNoLineOfTheAccount(t *testing.T) {
	rec := new(labtest.Account)
	serveDesk(t, &server.Server{Web: new(server.Web), Recorder: rec}).play(t,
		"GET /a%0a%0d%1b[31m%E2%80%AE%C2%85b?%0a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	text := rec.All(event.Request)[0].Text
	assert.Equal(t, "GET /a%0a%0d%1b[31m%E2%80%AE%C2%85b", text)
}

// TestAResetInsideARequestIsAFailure, like one inside raw bytes; one before anything was said is a look at who listens.
func TestAResetInsideARequestIsAFailure(t *testing.T) {
	for name, c := range map[string]struct {
		sent   string
		failed int
	}{
		"inside a request": {"GET / HTTP/1.1\r\nHost: loc", 1}, "inside a body": {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab", 1},
		"inside raw bytes": {"\x00raw", 1}, "before anything": {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			rec := new(labtest.Account)
			s := serve(t, &server.Server{Web: &server.Web{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
			})}}, rec)
			client := dial(t, s.addr)
			rec.AwaitText(t, event.Accept)
			write(t, client, []byte(c.sent))
			labtest.Await(t, func() bool { return len(rec.All(event.Read)) > 0 || c.sent == "" }, "what was sent")
			require.NoError(t, client.SetLinger(0))
			require.NoError(t, client.Close())
			rec.AwaitText(t, event.Close)
			assert.EqualValues(t, c.failed, s.Stats().Failed)
			if c.failed == 0 {
				assert.Contains(t, rec.AwaitText(t, event.End), "reset the connection before it said anything")
			} else {
				assert.Contains(t, rec.AwaitText(t, event.Failed), "reset")
			}
		})
	}
}

// TestAClientOfHTTP2IsToldWhatIsWrong: RFC 9113, 3.4, 6.8 and 7.
func TestAClientOfHTTP2IsToldWhatIsWrong(t *testing.T) {
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	settings, headers := "\x00\x00\x00\x04\x00\x00\x00\x00\x00", "\x00\x00\x01\x01\x05\x00\x00\x00\x01\x82"
	const bye = "\x00\x00\x00\x0d" + "only HTTP/1.1 is spoken here" // HTTP_1_1_REQUIRED
	for name, sent := range map[string]string{
		"a request": preface + settings + headers, "no request": preface + settings, "only the preface": preface,
		"a frame that is too large": preface + "\xff\xff\xff\x00\x00\x00\x00\x00\x01",
	} {
		rec := new(labtest.Account)
		got := serveDesk(t, &server.Server{Web: new(server.Web), Recorder: rec}).play(t, sent)
		assert.True(t, strings.HasPrefix(got, settings), "%s: %q", name, got)
		assert.Contains(t, got, bye, name)
		assert.Equal(t, name == "a request", strings.Contains(got, "\x48\x03505"), name)
		assert.Contains(t, rec.AwaitText(t, event.Refused), "HTTP/2")
	}
}
