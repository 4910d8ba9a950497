package server_test

import (
	"bufio"
	"compress/flate"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/sock"
)

// A state is where a connection can be when its peer falls silent: it has done steps, which read what they must, then
// written last, and from there on it neither reads nor writes.
type state struct {
	name  string
	codec framing.Codec
	steps func(c net.Conn, r *bufio.Reader) error
	last  string
}

// states are what a connection goes through, without TLS or inside it.
func states() []state {
	big := strings.Repeat("0123456789abcdef", 15<<10) // 240 KiB, more than is on the way
	const get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
	frame := sends(0x81, big[:300])
	packed := sends(0xc1, pack(big))
	return []state{
		{name: "said nothing"},
		{name: "sniffing", last: "GE"},
		{name: "raw", steps: echoed("\xffhello")},
		{name: "raw, its echo unread", last: big},
		{name: "a codec, between messages", codec: framing.Lines{}, steps: echoed("hello\n")},
		{name: "a codec, inside a message", codec: framing.Lines{}, steps: echoed("hello\n"), last: "hel"},
		{name: "a codec, its echoes unread", codec: framing.Lines{}, last: strings.Repeat(big[:1000]+"\n", 400)},

		{name: "inside a request's head", last: get},
		{name: "inside a request's body", last: "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhal"},
		{name: "before a body that it was asked for", last: "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"},
		{name: "an answer unread", last: get + "\r\n"},
		{name: "many answers unread", last: strings.Repeat(get+"\r\n", 5000)},
		{name: "an error unread", last: "GET / HTTP/9.9\r\n\r\n"},
		{name: "between requests", steps: answered(get + "\r\n")},
		{name: "a refusal unread", last: "GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n"},
		{name: "a refusal read", steps: answered("GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n")},

		{name: "the 101 unread", last: askWebSocket},
		{name: "frames with the request", last: askWebSocket + sends(0x82, big)},
		{name: "small frames with the request", last: askWebSocket + strings.Repeat(frame, len(big)/300)},
		{name: "a message with the request, compressed", last: ask(deflateOffer) + packed},
		{name: "between frames", steps: answered(askWebSocket)},
		{name: "inside a frame's header", steps: answered(askWebSocket), last: frame[:3]},
		{name: "inside a frame", steps: answered(askWebSocket), last: frame[:100]},
		{name: "inside a frame whose echo has begun", steps: answered(askWebSocket), last: sends(0x82, big)[:200<<10]},
		{name: "inside a fragmented message", steps: answered(askWebSocket), last: sends(0x01, "half")},
		{name: "inside a long fragmented message", steps: answered(askWebSocket),
			last: sends(0x02, big) + strings.Repeat(sends(0x00, big), 4)},
		{name: "inside a compressed message", steps: answered(ask(deflateOffer)), last: packed[:len(packed)-9]},
		{name: "messages unread", steps: answered(askWebSocket), last: sends(0x82, big) + sends(0x81, big)},
		{name: "Pongs unread", steps: answered(askWebSocket), last: strings.Repeat(sends(0x89, big[:125]), 4000)},
		{name: "its Close unanswered", steps: answered(askWebSocket), last: sends(0x88, closing(1000, ""))},
		{name: "the server's Close unread", steps: answered(askWebSocket), last: sends(0x83, "")},
		{name: "lingering after the server's Close", steps: closed},
	}
}

// inTLS are the states that only TLS has.
func inTLS(config *tls.Config) []state {
	var hello helloOnly
	_ = tls.Client(&hello, config).Handshake()
	return []state{
		{name: "inside a ClientHello's first bytes", last: "\x16\x03\x01"},
		{name: "inside a ClientHello", last: string(hello.sent[:len(hello.sent)-9])},
		{name: "the server's flight unread", last: string(hello.sent)},
		{name: "inside a record", steps: func(c net.Conn, _ *bufio.Reader) error {
			return tls.Client(c, config).Handshake()
		}, last: "\x17\x03\x03\x01\x00half"},
	}
}

// helloOnly is a connection on which a client says its ClientHello, and gets no answer.
type helloOnly struct {
	net.Conn
	sent []byte
}

func (h *helloOnly) Write(b []byte) (int, error) {
	h.sent = append(h.sent, b...)
	return len(b), nil
}
func (h *helloOnly) Read([]byte) (int, error) { return 0, io.EOF }
func (h *helloOnly) Close() error             { return nil }

func pack(s string) string {
	var b strings.Builder
	w, _ := flate.NewWriter(&b, flate.HuffmanOnly) // large for what it is
	_, _ = io.WriteString(w, s)
	_ = w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// echoed says something and reads the same.
func echoed(what string) func(net.Conn, *bufio.Reader) error {
	return func(c net.Conn, r *bufio.Reader) error {
		_, err := io.WriteString(c, what)
		if err == nil {
			_, err = io.ReadFull(r, make([]byte, len(what)))
		}
		return err
	}
}

// answered asks for something and reads the answer.
func answered(request string) func(net.Conn, *bufio.Reader) error {
	return func(c net.Conn, r *bufio.Reader) error {
		if _, err := io.WriteString(c, request); err != nil {
			return err
		}
		response, err := http.ReadResponse(r, nil)
		if err == nil && response.StatusCode != http.StatusSwitchingProtocols {
			_, err = io.Copy(io.Discard, response.Body)
		}
		return err
	}
}

// closed breaks a rule, and reads the Close that it gets for it.
func closed(c net.Conn, r *bufio.Reader) error {
	if err := answered(askWebSocket)(c, r); err != nil {
		return err
	}
	if _, err := io.WriteString(c, sends(0x83, "")); err != nil {
		return err
	}
	first, err := r.ReadByte()
	if err == nil && first != 0x88 {
		err = fmt.Errorf("%#x is no Close", first)
	}
	return err
}

// A network makes connections of its kind.
type network struct {
	name string
	make func(t *testing.T) (ln net.Listener, dial func() (net.Conn, error))
}

var networks = []network{
	// Nothing is on its way: every write waits for its reader.
	{"a pipe", func(t *testing.T) (net.Listener, func() (net.Conn, error)) {
		d := newDesk()
		return d, d.connect
	}},
	{"TCP", func(t *testing.T) (net.Listener, func() (net.Conn, error)) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		return narrow{ln}, func() (net.Conn, error) {
			c, err := net.Dial("tcp", ln.Addr().String())
			if err == nil {
				err = c.(*net.TCPConn).SetReadBuffer(onTheWay)
			}
			return c, err
		}
	}},
}

// A walk is a connection in one state, and its server.
type walk struct {
	name   string
	server *server.Server
	client net.Conn
}

// begin brings a connection into the state. What the peer writes last it need not get rid of.
func (s *state) begin(t *testing.T, n network, config, trusts *tls.Config, inside bool) *walk {
	const limit = time.Second // for all of them; a machine that is busy may need some of it
	srv := &server.Server{
		Codec: s.codec, IdleTimeout: limit, WriteTimeout: limit,
		Web: &server.Web{Handler: pages(), TLS: config, Deflate: true, HeaderTimeout: limit, Ping: limit / 2, PongWait: limit / 2},
	}
	ln, dial := n.make(t)
	w := &walk{name: fmt.Sprintf("%s, %s, TLS %v", s.name, n.name, inside), server: srv}
	serveUntilEnd(t, srv, ln)
	var err error
	for range 10 { // which a state needs that the machine was too busy for to reach it within the limits
		var c net.Conn
		c, err = dial()
		require.NoError(t, err)
		require.NoError(t, c.SetDeadline(time.Now().Add(labtest.Watchdog)))
		w.client = c
		if inside {
			tlsClient := tls.Client(c, trusts)
			if err = tlsClient.Handshake(); err != nil {
				c.Close()
				continue
			}
			c = tlsClient
		}
		if s.steps != nil {
			if err = s.steps(c, bufio.NewReader(c)); err != nil {
				w.client.Close()
				continue
			}
		}
		go io.WriteString(c, s.last)
		return w
	}
	require.NoError(t, err, w.name)
	return nil
}

// TestWhoeverFallsSilentIsGoneWithinTheLimits has a peer stop in every state that a connection can be in: it neither
// reads nor writes any more, and does not close. The server must be rid of all of them.
func TestWhoeverFallsSilentIsGoneWithinTheLimits(t *testing.T) {
	t.Parallel()
	config, trusts := labtest.Secrets(t)
	trusts.ServerName = "127.0.0.1"
	var walks []*walk
	for _, n := range networks {
		for _, s := range states() {
			walks = append(walks, s.begin(t, n, config, trusts, false), s.begin(t, n, config, trusts, true))
		}
		for _, s := range inTLS(trusts) {
			walks = append(walks, s.begin(t, n, config, trusts, false))
		}
	}
	ctx := labtest.Bounded(t)
	for _, w := range walks {
		_ = sock.Await(ctx, func() (bool, error) { return w.server.Stats().Open == 0, nil })
		assert.Zero(t, w.server.Stats().Open, w.name)
		w.client.Close()
	}
}
