package server_test

import (
	"bufio"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/server"
)

// A request is askWebSocket with something changed: "Key: value" replaces a header or adds one, "Key" takes it out, and
// "+Key: value" adds one more of it.
type request struct {
	name    string
	line    string // of the request, if it is another one
	changes []string
	status  int
	header  string // "Key: value" that the answer must have
}

func (r request) String() string {
	lines := strings.Split(strings.TrimSuffix(askWebSocket, "\r\n\r\n"), "\r\n")
	if r.line != "" {
		lines[0] = r.line
	}
	for _, change := range r.changes {
		name, value, _ := strings.Cut(change, ":")
		if more, ok := strings.CutPrefix(name, "+"); ok {
			lines = append(lines, more+":"+value)
			continue
		}
		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+":") })
		if value != "" {
			lines = append(lines, change)
		}
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

const site = "Host: lab.example:9000"

// requests are what net/http makes of them, and one for each kind of refusal: the rules themselves are websocket's.
var requests = []request{
	{name: "4.2.1 as it should be", status: 101},
	{name: "4.2.1 on /", line: "GET / HTTP/1.1", status: 101},
	{name: "4.2.1 with a query", line: "GET /ws?room=1 HTTP/1.1", status: 101},
	{name: "4.1 with an absolute target", line: "GET http://localhost/ws HTTP/1.1", status: 101},
	{name: "4.1 with an absolute target that has no path", line: "GET http://localhost HTTP/1.1", status: 101},
	{name: "4.2.2 elsewhere", line: "GET /other HTTP/1.1", status: 404},
	{name: "4.2.2 below", line: "GET /ws/below HTTP/1.1", status: 404},
	{name: "4.1 POST", line: "POST /ws HTTP/1.1", status: 405, header: "Allow: GET"},
	{name: "4.1 POST on /", line: "POST / HTTP/1.1", status: 405, header: "Allow: GET"},
	{name: "4.1 HEAD", line: "HEAD /ws HTTP/1.1", status: 405, header: "Allow: GET"},
	{name: "4.1 OPTIONS", line: "OPTIONS /ws HTTP/1.1", status: 405, header: "Allow: GET"},
	{name: "4.1 HTTP/1.0", line: "GET /ws HTTP/1.0", status: 505},
	{name: "4.1 HTTP/1.0 on /", line: "GET / HTTP/1.0", status: 505},
	{name: "4.1 HTTP/2.0 in words", line: "GET /ws HTTP/2.0", status: 505},
	{name: "4.2.1 without a Host", changes: []string{"Host"}, status: 400},
	{name: "4.2.1 with an empty Host", changes: []string{"Host: "}, status: 400},
	{name: "4.2.1 with two Hosts", changes: []string{"+Host: other"}, status: 400},

	{name: "4.2.1 a plain GET", changes: []string{"Upgrade", "Connection"}, status: 426, header: "Upgrade: websocket"},
	{name: "4.2.1 Upgrade in two headers", changes: []string{"Upgrade: h2c", "+Upgrade: WEBSOCKET"}, status: 101},
	{name: "4.2.1 Upgrade of something else", changes: []string{"Upgrade: h2c"}, status: 426},
	{name: "4.2.1 no Connection", changes: []string{"Connection"}, status: 400},
	{name: "4.2.1 Connection close", changes: []string{"Connection: close"}, status: 400},
	{name: "4.2.1 Connection in two headers", changes: []string{"Connection: keep-alive", "+Connection: UPGRADE"}, status: 101},
	{name: "4.4 no version", changes: []string{"Sec-WebSocket-Version"}, status: 426, header: "Sec-WebSocket-Version: 13"},
	{name: "4.4 version 8", changes: []string{"Sec-WebSocket-Version: 8"}, status: 426, header: "Sec-WebSocket-Version: 13"},
	{name: "11.3.5 the version twice", changes: []string{"+Sec-WebSocket-Version: 13"}, status: 426},
	{name: "4.2.1 no key", changes: []string{"Sec-WebSocket-Key"}, status: 400},
	{name: "11.3.1 two keys", changes: []string{"+Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}, status: 400},
	{name: "4.2.1 a key that is not base64", changes: []string{"Sec-WebSocket-Key: dGhlIHhbXBsZSBub25jZQ=="}, status: 400},
	{name: "4.2.1 a key with white space around", changes: []string{"Sec-WebSocket-Key: \t dGhlIHNhbXBsZSBub25jZQ==  "}, status: 101},

	{name: "4.1 a body", changes: []string{"Content-Length: 5"}, status: 400},
	{name: "4.1 a body in chunks", changes: []string{"Transfer-Encoding: chunked"}, status: 400},
	{name: "4.1 a body of nothing", changes: []string{"Content-Length: 0"}, status: 101},
	{name: "9.1 extensions that are off", changes: []string{"Sec-WebSocket-Extensions: permessage-deflate, x-mine; a=1"}, status: 101},
	{name: "9.1 extensions out of grammar", changes: []string{"Sec-WebSocket-Extensions: permessage-deflate; ="}, status: 400},
	{name: "4.2.2 subprotocols that nobody speaks", changes: []string{"Sec-WebSocket-Protocol: chat, superchat"}, status: 101},

	{name: "10.2 its own page", changes: []string{site, "Origin: http://lab.example:9000"}, status: 101},
	{name: "10.2 its own page after TLS", changes: []string{site, "Origin: https://LAB.example:9000"}, status: 101},
	{name: "10.2 another site", changes: []string{site, "Origin: http://evil.example:9000"}, status: 403},
	{name: "10.2 null", changes: []string{site, "Origin: null"}, status: 403},
	{name: "10.2 two of them", changes: []string{site, "Origin: http://lab.example:9000", "+Origin: http://evil.example"}, status: 403},
	{name: "10.2 a listed one", changes: []string{site, "Origin: https://friend.example"}, status: 101},
	{name: "10.2 a listed one with another scheme", changes: []string{site, "Origin: http://friend.example"}, status: 403},
}

func TestRFC6455Handshake(t *testing.T) {
	t.Parallel()
	check := func(r request, in io.Reader) {
		b := bufio.NewReader(in)
		resp, err := http.ReadResponse(b, nil)
		require.NoError(t, err, r.name)
		require.Equal(t, r.status, resp.StatusCode, "%s: %s", r.name, resp.Status)
		if key, value, ok := strings.Cut(r.header, ": "); ok {
			assert.Equal(t, value, resp.Header.Get(key), r.name)
		}
		if r.status == http.StatusSwitchingProtocols {
			assert.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", resp.Header.Get("Sec-WebSocket-Accept"), r.name)
			assert.Len(t, resp.Header, 3, "no extension, no subprotocol, no body: %v", resp.Header)
			messages, err := messagesFrom(readAll(t, b), nil)
			require.NoError(t, err)
			assert.Equal(t, `88 ""`, messages[len(messages)-1], r.name)
		}
	}
	srv := &server.Server{Web: &server.Web{Origins: []string{"https://friend.example"}, Hosts: []string{"lab.example"}}}
	eachAccount(t, srv, func(d *desk, _ string) {
		for _, r := range requests {
			check(r, strings.NewReader(d.play(t, r.String()+sends(0x88, ""))))
		}
	})
	s := serve(t, &server.Server{Web: srv.Web}, nil)
	for _, r := range requests { // what comes after the request counts, or is in nobody's way
		client := dial(t, s.addr)
		feed(t, client, r.String()+strings.Repeat(sends(0x81, "hello"), 9000)+sends(0x88, ""))
		check(r, client)
	}
	d := serveDesk(t, &server.Server{Web: &server.Web{Origins: []string{"*"}}})
	for _, origin := range []string{"http://evil.example", "null", "file://"} {
		check(request{name: origin, status: 101},
			strings.NewReader(d.play(t, request{changes: []string{"Origin: " + origin}}.String()+sends(0x88, ""))))
	}
}

func TestRFC6455ARefusalIsReadThoughMoreWasSent(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: new(server.Web)}, nil)
	client := dial(t, s.addr)
	refusal := request{changes: []string{"Sec-WebSocket-Key"}}
	feed(t, client, refusal.String()+strings.Repeat(sends(0x82, strings.Repeat("b", 1000)), 200))
	got := readAll(t, client) // then the end, and no reset
	assert.Contains(t, got, "HTTP/1.1 400 ")
	_, body, _ := strings.Cut(got, "\r\n\r\n")
	assert.Contains(t, body, "Sec-WebSocket-Key")
}

func TestRFC6455TheRequestMayBeCutAnywhere(t *testing.T) {
	t.Parallel()
	const health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
	frames := sends(0x81, "hello") + sends(0x88, "")
	eachAccount(t, &server.Server{Web: new(server.Web)}, func(d *desk, how string) {
		for name, before := range map[string][]string{
			"at once": nil, "two requests": {health, health},
			"a request with a body":               {"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nGET /"},
			"a refusal that keeps the connection": {"GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n"},
		} {
			all := strings.Join(before, "") + askWebSocket + frames
			whole := [][]string{{all}, strings.Split(all, "")}
			for cut := 1; cut < len(all); cut++ {
				whole = append(whole, []string{all[:cut], all[cut:]})
			}
			for _, parts := range whole {
				in := bufio.NewReader(strings.NewReader(d.play(t, parts...)))
				for range before {
					resp, err := http.ReadResponse(in, nil)
					require.NoError(t, err, name)
					_, err = io.Copy(io.Discard, resp.Body)
					require.NoError(t, err, name)
				}
				got, err := fromServer(afterSwitch(t, readAll(t, in)))
				require.NoError(t, err, "%s, %s", name, how)
				require.Equal(t, []string{`81 "hello"`, `88 ""`}, got, "%s, %s", name, how)
			}
		}
	})
}

func TestRFC6455AHeaderThatIsTooLarge(t *testing.T) {
	t.Parallel()
	d := serveDesk(t, &server.Server{Web: &server.Web{MaxHeader: 1024}})
	got := d.play(t, request{changes: []string{"X-Large: " + strings.Repeat("x", 1024+4096)}}.String())
	assert.True(t, strings.HasPrefix(got, "HTTP/1.1 431 "), "%q", got)
}

func TestRFC6455AHeaderThatNeverEndsIsNotWaitedFor(t *testing.T) {
	for _, part := range []string{"GET /ws HTTP/1.1\r\n", askWebSocket[:len(askWebSocket)-1],
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			srv := &server.Server{Web: &server.Web{HeaderTimeout: 3 * time.Second}}
			client, began := serveDesk(t, srv).dial(t), time.Now()
			write(t, client, []byte(part))
			assert.NotContains(t, readAll(t, client), "101")
			synctest.Wait()
			assert.Zero(t, srv.Stats().Open)
			assert.Less(t, time.Since(began), 5*time.Second)
		})
	}
}
