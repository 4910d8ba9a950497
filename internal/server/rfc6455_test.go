package server_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/sock"
)

// The tests in rfc6455_*_test.go hold the server against RFC 6455, section by section, over real sockets. They have
// frames and an idea of the rules of their own: what the server's packages think of a frame is not asked.

// A talk is what a client sends after its handshake, and what the server must send: these frames, then the end of the
// stream, never a reset.
type talk struct {
	name string
	in   string
	want []string // as line shows them
	last bool     // it is the last byte of in that the server ends it for, and no earlier one
}

// goesOn is a talk that breaks no rule: the client can end it with a Close, which is answered.
func goesOn(name, in string, want ...string) talk {
	return talk{name: name, in: in + sends(0x88, closing(1000, "")), want: append(want, "88 1000")}
}

// breaks is a talk that the server ends with a Close of this code, for the last byte of in.
func breaks(name, in string, code int, want ...string) talk {
	return talk{name: name, in: in, want: append(want, refused(code)), last: true}
}

// A way is how the bytes of a talk get to the server.
type way struct {
	name string
	send func(t *testing.T, client, atServer *net.TCPConn, in string)
}

var ways = []way{
	{"in one write", func(t *testing.T, client, _ *net.TCPConn, in string) {
		shakeHands(t, client)
		write(t, client, []byte(in))
	}},
	{"byte by byte", func(t *testing.T, client, atServer *net.TCPConn, in string) {
		shakeHands(t, client)
		dribble(t, client, atServer, in)
	}},
	{"with the handshake", func(t *testing.T, client, _ *net.TCPConn, in string) {
		write(t, client, []byte(askWebSocket+in))
		expectSwitch(t, client)
	}},
	{"with more after", func(t *testing.T, client, _ *net.TCPConn, in string) {
		shakeHands(t, client)
		write(t, client, []byte(in+strings.Repeat("\x82\xfe", 16<<10)))
	}},
}

// converse has every talk with the server in every way; with an account, which makes the server read in another manner,
// in those that differ for it.
func converse(t *testing.T, srv *server.Server, talks []talk) {
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, &server.Server{Web: srv.Web, MaxMessage: srv.MaxMessage}, rec)
		for _, talk := range talks {
			t.Run(talk.name, func(t *testing.T) {
				for _, way := range ways[:perAccount(rec)] {
					client, atServer := s.connect(t)
					way.send(t, client, atServer, talk.in)
					hears(t, client, talk.want, way.name)
				}
				if talk.last && rec == nil {
					client, _ := s.connect(t)
					shakeHands(t, client)
					write(t, client, []byte(talk.in[:len(talk.in)-1]))
					require.NoError(t, client.CloseWrite())
					hears(t, client, talk.want[:len(talk.want)-1], "all but the last byte")
				}
			})
		}
	})
}

func perAccount(rec *labtest.Account) int {
	if rec != nil {
		return 2
	}
	return len(ways)
}

// hears reads to the end of the stream.
func hears(t *testing.T, client *net.TCPConn, want []string, way string) {
	t.Helper()
	defer client.Close()
	stream, err := io.ReadAll(client)
	require.NoError(t, err, way)
	got, err := fromServer(stream)
	require.NoError(t, err, way)
	require.Equal(t, append([]string(nil), want...), got, way)
}

func shakeHands(t *testing.T, c net.Conn) {
	t.Helper()
	write(t, c, []byte(askWebSocket))
	expectSwitch(t, c)
}

// expectSwitch reads the 101, and no byte further.
func expectSwitch(t *testing.T, c net.Conn) {
	t.Helper()
	require.ElementsMatch(t, switched, readHeader(t, c))
}

// readHeader reads lines up to the first empty one, and no byte further.
func readHeader(t *testing.T, c net.Conn) []string {
	t.Helper()
	var b []byte
	for one := make([]byte, 1); !bytes.HasSuffix(b, []byte("\r\n\r\n")); b = append(b, one...) {
		_, err := io.ReadFull(c, one)
		require.NoError(t, err, "after %q", b)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\r\n\r\n"), "\r\n")
}

// dribble writes every byte alone, so that the server reads it alone. Of what is long, these are the first and the last
// ones; what is between goes in a few pieces.
func dribble(t *testing.T, client, atServer *net.TCPConn, in string) {
	t.Helper()
	const edge = 24
	for at := 0; at < len(in); {
		n := 1
		if len(in) > 160 && at >= edge && at < len(in)-edge {
			n = min(len(in)/8, len(in)-edge-at)
		}
		write(t, client, []byte(in[at:at+n]))
		at += n
		if !drained(t, client, atServer) {
			return // the server is through with it
		}
	}
}

// drained waits until the server has read all that was written; it returns false if the server has closed.
func drained(t *testing.T, client, atServer *net.TCPConn) bool {
	t.Helper()
	labtest.QuickAck(atServer)
	err := sock.Await(labtest.Bounded(t), func() (bool, error) {
		unacked, err := sock.Unacked(client)
		unread, err2 := sock.Unread(atServer)
		return unacked == 0 && unread == 0, errors.Join(err, err2)
	})
	if errors.Is(err, net.ErrClosed) {
		return false
	}
	require.NoError(t, err)
	return true
}

// feed writes in the background: the server may have to be read from meanwhile.
func feed(t *testing.T, c *net.TCPConn, in string) {
	t.Helper()
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write([]byte(in))
		sent <- err
	}()
	t.Cleanup(func() {
		select {
		case err := <-sent:
			require.NoError(t, err)
		case <-time.After(labtest.Watchdog):
			t.Error("the server does not take what it is sent")
		}
	})
}

// readAll reads to the end of the stream.
func readAll(t *testing.T, c io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(c)
	require.NoError(t, err)
	return string(b)
}
