package interop

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/event"
)

// A wsserver is one that runs and listens.
type wsserver struct {
	*process
	addr string // HOST:PORT
	cert string // the file of its certificate; "" without TLS
}

// startServer starts wsserver, with an account in JSON.
func startServer(t *testing.T, args ...string) *wsserver {
	t.Helper()
	args = append([]string{"-addr", "127.0.0.1:0", "-json"}, args...)
	s := &wsserver{process: start(t, nil, nil, program("wsserver"), args...)}
	s.addr = s.await(&s.stderr, "listening on ")
	if _, after, ok := strings.Cut(s.stderr.text(), "self-signed certificate in "); ok {
		s.cert, _, _ = strings.Cut(after, ",")
	}
	return s
}

// startSecure starts a wsserver that compresses, and takes TLS beside what is not.
func startSecure(t *testing.T, args ...string) *wsserver {
	t.Helper()
	s := startServer(t, append([]string{"-compress", "-tls", "self-signed"}, args...)...)
	require.FileExists(t, s.cert)
	return s
}

// end stops the server, which must have nothing to complain about.
func (s *wsserver) end(t *testing.T) {
	t.Helper()
	require.Zero(t, s.stop(), s.stderr.text())
}

// account is what the server tells of the first connection of the visit with that number.
func (s *wsserver) account(t *testing.T, visit int) account {
	t.Helper()
	mine := &ofVisit{request: fmt.Sprintf("/ws?visit=%d ", visit), conn: -1}
	require.NoError(t, event.ReadJSON(strings.NewReader(s.stdout.text()), mine))
	require.NotEmpty(t, mine.account, "nobody asked for %s", mine.request)
	return mine.account
}

// An account is what happened on a connection.
type account []event.Event

// ofVisit keeps the account of the first connection that made the request.
type ofVisit struct {
	request string
	conn    int
	account
}

func (o *ofVisit) Record(e event.Event) {
	if e.Ev == event.Request && o.conn < 0 && strings.Contains(e.Data, o.request) {
		o.conn = e.Conn
	}
	if e.Conn == o.conn {
		o.account = append(o.account, e)
	}
}

// frames is how many frames of a kind went in that direction.
func (a account) frames(dir event.Dir, is func(*event.FrameHeader) bool) (n int) {
	for _, e := range a {
		if e.Ev == event.Frame && e.Dir == dir && is(e.FrameHeader) {
			n++
		}
	}
	return n
}

// The opcodes of frames (RFC 6455 section 5.2), and RSV1, which marks a compressed message (RFC 7692 section 6).
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10

	rsv1 = 4
)

func opcode(op byte) func(*event.FrameHeader) bool {
	return func(h *event.FrameHeader) bool { return h.Opcode == op }
}
func compressed(h *event.FrameHeader) bool { return h.RSV == rsv1 }
func fragment(h *event.FrameHeader) bool   { return !h.Fin }
