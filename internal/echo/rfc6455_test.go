package echo_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"echolab/internal/echo"
	"echolab/internal/sock"
)

// The tests in rfc6455_*_test.go hold the server against RFC 6455, section by section, over real sockets. They have
// frames and an idea of the rules of their own: what the server's packages think of a frame is not asked.

// askWebSocket is an opening handshake that can only be accepted; the key is the RFC's own (section 1.3).
const askWebSocket = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// switched is what must come for it (section 4.2.2), in any order.
var switched = []string{"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}

// maskKey is not 0 in any byte, so that what is not unmasked, or in the wrong place, is seen.
var maskKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// sends is a client's frame: its first byte (FIN, RSV, opcode), then the payload, masked, with its length in the
// shortest form.
func sends(first byte, payload string) string {
	return head(first, uint64(len(payload))) + masked(payload)
}

// head is the header of a client's frame.
func head(first byte, length uint64) string {
	var b []byte
	switch {
	case length < 126:
		b = []byte{first, 0x80 | byte(length)}
	case length < 1<<16:
		b = binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(length))
	default:
		b = binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, length)
	}
	return string(append(b, maskKey[:]...))
}

func masked(payload string) string {
	b := []byte(payload)
	for i := range b {
		b[i] ^= maskKey[i%4]
	}
	return string(b)
}

// closing is the payload of a Close.
func closing(code int, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}

// line shows a frame: its first byte and its payload, of a long one only what tells it from others. Of a Close that
// gives a reason the words do not matter.
func line(first byte, payload string) string {
	switch {
	case first == 0x88 && len(payload) > 2:
		return fmt.Sprintf("88 %d with a reason", binary.BigEndian.Uint16([]byte(payload)))
	case first == 0x88 && len(payload) == 2:
		return fmt.Sprintf("88 %d", binary.BigEndian.Uint16([]byte(payload)))
	case len(payload) > 64:
		return fmt.Sprintf("%02x %d bytes, SHA-256 %x", first, len(payload), sha256.Sum256([]byte(payload)))
	}
	return fmt.Sprintf("%02x %q", first, payload)
}

// refused is the server's own Close.
func refused(code int) string { return fmt.Sprintf("88 %d with a reason", code) }

// fromServer takes the stream of a server apart and finds what is wrong with it: section 5 binds the server too.
func fromServer(stream []byte) (frames []string, err error) {
	for len(stream) > 0 {
		if len(frames) > 0 && strings.HasPrefix(frames[len(frames)-1], "88") {
			return frames, fmt.Errorf("%d bytes behind the Close", len(stream))
		}
		first, payload, rest, err := serverFrame(stream)
		if err != nil {
			return frames, err
		}
		if first == 0x88 && len(payload) > 2 && !utf8.ValidString(payload[2:]) {
			return frames, errors.New("a reason that is not UTF-8")
		}
		frames, stream = append(frames, line(first, payload)), rest
	}
	return frames, nil
}

func serverFrame(b []byte) (first byte, payload string, rest []byte, err error) {
	if len(b) < 2 {
		return 0, "", nil, io.ErrUnexpectedEOF
	}
	first, length, size := b[0], uint64(b[1]), 2
	switch {
	case length > 127:
		return 0, "", nil, errors.New("a server's frame is masked")
	case first&0x08 != 0 && (first&0x80 == 0 || length > 125):
		return 0, "", nil, errors.New("a control frame is fragmented or too long")
	case length == 126 && len(b) >= 4:
		length, size = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case length == 127 && len(b) >= 10:
		length, size = binary.BigEndian.Uint64(b[2:]), 10
	case length > 125:
		return 0, "", nil, io.ErrUnexpectedEOF
	}
	if size == 4 && length < 126 || size == 10 && length < 1<<16 {
		return 0, "", nil, errors.New("a length is not in its shortest form")
	}
	if uint64(len(b)-size) < length {
		return 0, "", nil, io.ErrUnexpectedEOF
	}
	end := size + int(length)
	return first, string(b[size:end]), b[end:], nil
}

// A talk is what a client sends behind its handshake, and what the server must send: these frames, then the end of the
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
	{"with more behind", func(t *testing.T, client, _ *net.TCPConn, in string) {
		shakeHands(t, client)
		write(t, client, []byte(in+strings.Repeat("\x82\xfe", 16<<10)))
	}},
}

// converse has every talk with the server in every way; with an account, which makes the server read in another manner,
// in those that differ for it.
func converse(t *testing.T, srv *echo.Server, talks []talk) {
	either(t, func(t *testing.T, rec *account) {
		s := serve(t, &echo.Server{Web: srv.Web, MaxMessage: srv.MaxMessage}, rec)
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

func perAccount(rec *account) int {
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
	quickAck(atServer)
	err := sock.Await(bounded(t), func() (bool, error) {
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

// readMessages reads messages whole, however the server cuts them, until the stream ends.
func readMessages(t *testing.T, r *bufio.Reader) (messages []string) {
	t.Helper()
	stream, err := io.ReadAll(r)
	require.NoError(t, err)
	var begun byte
	var whole strings.Builder
	for len(stream) > 0 {
		first, payload, rest, err := serverFrame(stream)
		require.NoError(t, err)
		stream = rest
		if first&0x08 != 0 {
			messages = append(messages, line(first, payload))
			continue
		}
		if opcode := first & 0x0f; opcode != 0 {
			require.Zero(t, begun, "a message inside a message")
			begun = 0x80 | opcode
		}
		require.NotZero(t, begun, "nothing to continue")
		require.Zero(t, first&0x70, "RSV")
		if whole.WriteString(payload); first&0x80 != 0 {
			messages = append(messages, line(begun, whole.String()))
			begun = 0
			whole.Reset()
		}
	}
	require.Zero(t, begun, "the end inside a message")
	return messages
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
		case <-time.After(watchdog):
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
