package server_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

// A talk is what a client sends after its handshake, and what the server must send: these frames, then the end of the
// stream, never a reset.
type talk struct {
	name string
	in   string
	want []string // as line shows them
	last bool     // it is the last byte of in that the server ends it for, and no earlier one
	ends bool     // after in the client ends its side; it may send more otherwise
}

// goesOn is a talk that breaks no rule: the client can end it with a Close, which is answered.
func goesOn(name, in string, want ...string) talk {
	return talk{name: name, in: in + sends(0x88, closing(1000, "")), want: append(want, "88 1000")}
}

// breaks is a talk that the server ends with a Close of this code, for the last byte of in.
func breaks(name, in string, code int, want ...string) talk {
	return talk{name: name, in: in, want: append(want, refused(code)), last: true}
}

// more is what a client may still send that does not know yet that it is over.
func (talk talk) more() string {
	if talk.ends {
		return ""
	}
	return strings.Repeat("\x82\xfe", 16<<10)
}

// ways are how the bytes of a talk may come to the server, read by read.
var ways = map[string]func(opening string, talk talk) []string{
	"in one read":        func(opening string, talk talk) []string { return []string{opening, talk.in} },
	"byte by byte":       func(opening string, talk talk) []string { return append([]string{opening}, dribbled(talk.in)...) },
	"with the handshake": func(opening string, talk talk) []string { return []string{opening + talk.in} },
	"with more after":    func(opening string, talk talk) []string { return []string{opening, talk.in + talk.more()} },
}

// dribbled is every byte alone. Of what is long, these are the first and the last ones; what is between is in pieces.
func dribbled(in string) (parts []string) {
	const edge = 200
	for at := 0; at < len(in); {
		n := 1
		if at >= edge && at < len(in)-edge {
			n = min(1+len(in)/8, len(in)-edge-at)
		}
		parts = append(parts, in[at:at+n])
		at += n
	}
	return parts
}

// nobody takes the account and forgets it.
type nobody struct{}

func (nobody) Record(event.Event) {}

// eachAccount runs a test on two desks: without an account whole runs of usual frames are answered in a loop of their
// own, and with one, each frame by itself.
func eachAccount(t *testing.T, srv *server.Server, test func(d *desk, how string)) {
	t.Helper()
	for how, rec := range map[string]event.Recorder{"quiet": nil, "with an account": nobody{}} {
		s := &server.Server{Codec: srv.Codec, Web: srv.Web, MaxMessage: srv.MaxMessage, ReadBuffer: srv.ReadBuffer, Recorder: rec}
		test(serveDesk(t, s), how)
	}
}

// converse has every talk with the server, with an account and without: in every way on a tape, and over a socket, which
// is read in another manner and may end in a reset, in one.
func converse(t *testing.T, srv *server.Server, talks []talk) {
	t.Helper()
	converseAfter(t, srv, askWebSocket, nil, talks)
}

// converseAfter is converse after another handshake. deflates is the offer's window, which each connection has for itself.
func converseAfter(t *testing.T, srv *server.Server, opening string, deflates *takeover, talks []talk) {
	t.Helper()
	hears := func(stream string, want []string, name, how string) {
		t.Helper()
		got, err := fromServer(stream)
		if deflates != nil {
			window := *deflates
			got, err = messagesFrom(stream, &window)
		}
		require.NoError(t, err, "%s, %s", name, how)
		require.Equal(t, append([]string(nil), want...), got, "%s, %s", name, how)
	}
	eachAccount(t, srv, func(d *desk, how string) {
		for _, talk := range talks {
			for way, cut := range ways {
				hears(afterSwitch(t, d.play(t, cut(opening, talk)...)), talk.want, talk.name, way+", "+how)
			}
			if talk.last {
				most, before := talk.in[:len(talk.in)-1], talk.want[:len(talk.want)-1]
				hears(afterSwitch(t, d.play(t, opening, most)), before, talk.name, "all but the last byte, "+how)
			}
		}
	})
	s := serve(t, &server.Server{Web: srv.Web, MaxMessage: srv.MaxMessage}, nil)
	for _, talk := range talks {
		client := dial(t, s.addr)
		write(t, client, []byte(opening))
		readHeader(t, client)
		write(t, client, []byte(talk.in+talk.more()))
		if talk.ends {
			require.NoError(t, client.CloseWrite())
		}
		hears(readAll(t, client), talk.want, talk.name, "over a socket")
		client.Close()
	}
}

// afterSwitch is what follows the 101.
func afterSwitch(t *testing.T, out string) string {
	t.Helper()
	header, stream, ok := strings.Cut(out, "\r\n\r\n")
	require.True(t, ok && strings.HasPrefix(header, switched[0]), "%q", out)
	return stream
}

// hears reads frames to the end of the stream.
func hears(t *testing.T, client net.Conn, want ...string) {
	t.Helper()
	got, err := fromServer(readAll(t, client))
	require.NoError(t, err)
	require.Equal(t, append([]string(nil), want...), got)
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

// feed writes in the background: the server may have to be read from meanwhile.
func feed(t *testing.T, c net.Conn, in string) {
	t.Helper()
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write([]byte(in))
		sent <- err
	}()
	t.Cleanup(func() {
		select {
		case err := <-sent:
			assert.NoError(t, err)
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
