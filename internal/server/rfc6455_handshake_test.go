package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
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
	{name: "4.1 PUT", line: "PUT /ws HTTP/1.1", status: 405, header: "Allow: GET"},
	{name: "4.1 OPTIONS", line: "OPTIONS /ws HTTP/1.1", status: 405, header: "Allow: GET"},
	{name: "4.1 HTTP/1.0", line: "GET /ws HTTP/1.0", status: 505},
	{name: "4.1 HTTP/1.0 on /", line: "GET / HTTP/1.0", status: 505},
	{name: "4.1 HTTP/2.0 in words", line: "GET /ws HTTP/2.0", status: 505},
	{name: "4.2.1 without a Host", changes: []string{"Host"}, status: 400},
	{name: "4.2.1 with an empty Host", changes: []string{"Host: "}, status: 400},
	{name: "4.2.1 with two Hosts", changes: []string{"+Host: other"}, status: 400},

	{name: "4.2.1 a plain GET", changes: []string{"Upgrade", "Connection"}, status: 426, header: "Upgrade: websocket"},
	{name: "4.2.1 Upgrade of something else", changes: []string{"Upgrade: h2c"}, status: 426},
	{name: "4.2.1 Upgrade in capitals", changes: []string{"Upgrade: WEBSOCKET"}, status: 101},
	{name: "4.2.1 Upgrade with others", changes: []string{"Upgrade: h2c, WebSocket ,irc/6.9"}, status: 101},
	{name: "4.2.1 Upgrade in two headers", changes: []string{"Upgrade: h2c", "+Upgrade: websocket"}, status: 101},
	{name: "4.2.1 Upgrade of a longer name", changes: []string{"Upgrade: websockets"}, status: 426},
	{name: "4.2.1 Upgrade in part of a list's element", changes: []string{"Upgrade: no websocket"}, status: 426},
	{name: "4.2.1 no Connection", changes: []string{"Connection"}, status: 400},
	{name: "4.2.1 Connection keep-alive", changes: []string{"Connection: keep-alive"}, status: 400},
	{name: "4.2.1 Connection close", changes: []string{"Connection: close"}, status: 400},
	{name: "4.2.1 Connection in small letters", changes: []string{"Connection: upgrade"}, status: 101},
	{name: "4.2.1 Connection with others", changes: []string{"Connection: keep-alive, Upgrade"}, status: 101},
	{name: "4.2.1 Connection in two headers", changes: []string{"Connection: keep-alive", "+Connection: UPGRADE"},
		status: 101},
	{name: "4.2.1 Connection with empty elements", changes: []string{"Connection: ,,\tUpgrade,"}, status: 101},
	{name: "4.2.1 Connection of a longer name", changes: []string{"Connection: Upgrades"}, status: 400},

	{name: "4.4 no version", changes: []string{"Sec-WebSocket-Version"}, status: 426,
		header: "Sec-WebSocket-Version: 13"},
	{name: "4.4 version 8", changes: []string{"Sec-WebSocket-Version: 8"}, status: 426,
		header: "Sec-WebSocket-Version: 13"},
	{name: "4.4 version 14", changes: []string{"Sec-WebSocket-Version: 14"}, status: 426,
		header: "Sec-WebSocket-Version: 13"},
	{name: "4.4 version 13, 8", changes: []string{"Sec-WebSocket-Version: 13, 8"}, status: 426,
		header: "Sec-WebSocket-Version: 13"},
	{name: "4.4 version 013", changes: []string{"Sec-WebSocket-Version: 013"}, status: 426},
	{name: "4.4 version 13.0", changes: []string{"Sec-WebSocket-Version: 13.0"}, status: 426},
	{name: "11.3.5 the version twice", changes: []string{"+Sec-WebSocket-Version: 13"}, status: 426},

	{name: "4.2.1 no key", changes: []string{"Sec-WebSocket-Key"}, status: 400},
	{name: "4.2.1 an empty key", changes: []string{"Sec-WebSocket-Key: "}, status: 400},
	{name: "11.3.1 two keys", changes: []string{"+Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}, status: 400},
	{name: "4.2.1 a key of 13 bytes", changes: []string{"Sec-WebSocket-Key: XpZ3qYz7qv0bFZ5z1g=="}, status: 400},
	{name: "4.2.1 a key that is not base64", changes: []string{"Sec-WebSocket-Key: dGhlIHhbXBsZSBub25jZQ=="},
		status: 400},
	{name: "4.2.1 a key of 15 bytes", changes: []string{"Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1"}, status: 400},
	{name: "4.2.1 a key of 17 bytes", changes: []string{"Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Njc="}, status: 400},
	{name: "4.2.1 24 exclamation marks", changes: []string{"Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!!!"}, status: 400},
	{name: "4.2.1 a key without its padding", changes: []string{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"},
		status: 400},
	{name: "4.2.1 a key in the alphabet of URLs", changes: []string{"Sec-WebSocket-Key: __79__79__79__79__79_w=="},
		status: 400},
	{name: "4.2.1 a key with white space around",
		changes: []string{"Sec-WebSocket-Key: \t dGhlIHNhbXBsZSBub25jZQ==  "}, status: 101},

	{name: "4.1 a body", changes: []string{"Content-Length: 5"}, status: 400},
	{name: "4.1 a body in chunks", changes: []string{"Transfer-Encoding: chunked"}, status: 400},
	{name: "4.1 a body of nothing", changes: []string{"Content-Length: 0"}, status: 101},
	{name: "9.1 extensions that are off",
		changes: []string{"Sec-WebSocket-Extensions: permessage-deflate, x-mine; a=1"}, status: 101},
	{name: "9.1 extensions out of grammar", changes: []string{"Sec-WebSocket-Extensions: permessage-deflate; ="},
		status: 400},
	{name: "4.2.2 subprotocols that nobody speaks", changes: []string{"Sec-WebSocket-Protocol: chat, superchat"},
		status: 101},

	{name: "10.2 its own page", changes: []string{site, "Origin: http://lab.example:9000"}, status: 101},
	{name: "10.2 its own page after TLS", changes: []string{site, "Origin: https://LAB.example:9000"}, status: 101},
	{name: "10.2 its own page, the port named", status: 101,
		changes: []string{"Host: lab.example", "Origin: http://lab.example:80"}},
	{name: "10.2 its own page, the port named in the Host", status: 101,
		changes: []string{"Host: lab.example:443", "Origin: https://lab.example"}},
	{name: "10.2 the port of another scheme", status: 403,
		changes: []string{"Host: lab.example:443", "Origin: http://lab.example"}},
	{name: "10.2 another port", changes: []string{site, "Origin: http://lab.example"}, status: 403},
	{name: "10.2 another site", changes: []string{site, "Origin: http://evil.example:9000"}, status: 403},
	{name: "10.2 a site that begins alike", changes: []string{site, "Origin: http://lab.example:9000.evil.example"},
		status: 403},
	{name: "10.2 null", changes: []string{site, "Origin: null"}, status: 403},
	{name: "10.2 no site at all", changes: []string{site, "Origin: lab.example:9000"}, status: 403},
	{name: "10.2 two of them", changes: []string{site, "Origin: http://lab.example:9000",
		"+Origin: http://evil.example"}, status: 403},
	{name: "10.2 a listed one", changes: []string{site, "Origin: https://friend.example"}, status: 101},
	{name: "10.2 a listed one with another scheme", changes: []string{site, "Origin: http://friend.example"},
		status: 403},
}

func TestRFC6455Handshake(t *testing.T) {
	t.Parallel()
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, &server.Server{Web: &server.Web{Origins: []string{"https://friend.example"}}}, rec)
		for _, r := range requests {
			t.Run(r.name, func(t *testing.T) {
				// With frames after the request: they count, or are in nobody's way.
				for name, after := range map[string]string{"": sends(0x88, ""),
					" with much after": strings.Repeat(sends(0x81, "hello"), 9000) + sends(0x88, "")} {
					client := dial(t, s.addr)
					feed(t, client, r.String()+after)
					in := bufio.NewReader(client)
					resp, err := http.ReadResponse(in, nil)
					require.NoError(t, err, name)
					require.Equal(t, r.status, resp.StatusCode, resp.Status+name)
					if key, value, ok := strings.Cut(r.header, ": "); ok {
						assert.Equal(t, value, resp.Header.Get(key))
					}
					if r.status == http.StatusSwitchingProtocols {
						assert.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", resp.Header.Get("Sec-WebSocket-Accept"))
						assert.Len(t, resp.Header, 3, "no extension, no subprotocol, no body: %v", resp.Header)
						messages := readMessages(t, in)
						assert.Equal(t, `88 ""`, messages[len(messages)-1])
					}
				}
			})
		}
	})
}

func TestRFC6455AnyOriginIfAllAreAllowed(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: &server.Web{Origins: []string{"*"}}}, nil)
	for _, origin := range []string{"http://evil.example", "null", "file://"} {
		client := dial(t, s.addr)
		write(t, client, []byte(request{changes: []string{"Origin: " + origin}}.String()))
		expectSwitch(t, client)
	}
}

func TestRFC6455ARefusalIsReadThoughMoreWasSent(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: new(server.Web)}, nil)
	client := dial(t, s.addr)
	refusal := request{changes: []string{"Sec-WebSocket-Key"}}
	feed(t, client, refusal.String()+strings.Repeat(sends(0x82, strings.Repeat("b", 1000)), 200))
	resp, err := http.ReadResponse(bufio.NewReader(client), nil)
	require.NoError(t, err)
	assert.Equal(t, 400, resp.StatusCode)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Contains(t, string(body), "Sec-WebSocket-Key")
	assert.Empty(t, readAll(t, client), "then the end, and no reset")
}

func TestRFC6455TheRequestMayBeCutAnywhere(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: new(server.Web)}, nil)
	all := askWebSocket + sends(0x81, "hello") + sends(0x88, "")
	for cut := 1; cut < len(all); cut++ {
		client, atServer := s.connect(t)
		write(t, client, []byte(all[:cut]))
		drained(t, client, atServer)
		write(t, client, []byte(all[cut:]))
		expectSwitch(t, client)
		hears(t, client, []string{`81 "hello"`, `88 ""`}, fmt.Sprint("cut at ", cut))
	}
	client, atServer := s.connect(t)
	dribble(t, client, atServer, all)
	expectSwitch(t, client)
	hears(t, client, []string{`81 "hello"`, `88 ""`}, "byte by byte")
}

func TestRFC6455AnUpgradeAfterOtherRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: new(server.Web)}, nil)
	const health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for name, before := range map[string][]string{
		"two requests":                        {health, health},
		"a request with a body":               {"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nGET /"},
		"a refusal that keeps the connection": {"GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n"},
	} {
		all := strings.Join(before, "") + askWebSocket + sends(0x81, "hello") + sends(0x88, "")
		for _, way := range []string{"in one write", "byte by byte"} {
			client, atServer := s.connect(t)
			if way == "in one write" {
				write(t, client, []byte(all))
			} else {
				dribble(t, client, atServer, all)
			}
			in := bufio.NewReader(client)
			for range before {
				resp, err := http.ReadResponse(in, nil)
				require.NoError(t, err, name)
				_, err = io.Copy(io.Discard, resp.Body)
				require.NoError(t, err, name)
			}
			resp, err := http.ReadResponse(in, nil)
			require.NoError(t, err, name)
			require.Equal(t, 101, resp.StatusCode, name)
			require.Equal(t, []string{`81 "hello"`, `88 ""`}, readMessages(t, in), name)
		}
	}
}

func TestRFC6455AHeaderThatIsTooLarge(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: &server.Web{MaxHeader: 1024}}, nil)
	client := dial(t, s.addr)
	feed(t, client, request{changes: []string{"X-Large: " + strings.Repeat("x", 1024+4096)}}.String())
	resp, err := http.ReadResponse(bufio.NewReader(client), nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusRequestHeaderFieldsTooLarge, resp.StatusCode)
}

func TestRFC6455AHeaderThatNeverEndsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: &server.Web{HeaderTimeout: 100 * time.Millisecond}}, nil)
	for _, part := range []string{"GET /ws HTTP/1.1\r\n", askWebSocket[:len(askWebSocket)-1],
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"} {
		client := dial(t, s.addr)
		write(t, client, []byte(part))
		assert.NotContains(t, readAll(t, client), "101")
	}
	labtest.Await(t, func() bool { return s.Stats().Open == 0 }, "the connections to end")
}
