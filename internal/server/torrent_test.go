package server_test

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/server"
)

// A sluice is a client whose program sends a message whenever one was written: there is always one in its queue.
type sluice struct {
	net.Conn
	socket chan *server.Socket
	left   atomic.Int64
}

func (c *sluice) Write(p []byte) (int, error) {
	select {
	case socket := <-c.socket:
		if c.left.Add(-1) >= 0 {
			_ = socket.Send(false, []byte("more"))
		}
		c.socket <- socket
	default: // the 101: there is no program yet
	}
	return c.Conn.Write(p)
}

func TestWhoIsSentToWithoutEndIsHeardAllTheSame(t *testing.T) {
	const plenty = 1000
	client := &tape{
		parts:  []string{askWebSocket, sends(0x89, "?"), sends(0x82, ""), sends(0x88, closing(1000, ""))},
		closed: make(chan struct{}),
	}
	c := &sluice{Conn: client, socket: make(chan *server.Socket, 1)}
	c.left.Store(plenty)
	program := func(s *server.Socket) func(bool, []byte) error {
		_ = s.Send(false, []byte("first"))
		c.socket <- s
		return s.Send
	}
	d := serveDesk(t, &server.Server{Web: &server.Web{WebSockets: map[string]server.Program{"/ws": program}}})
	d.next <- accepted{conn: c}
	<-client.closed
	got := client.out.String()
	frames, err := fromServer(afterSwitch(t, got))
	require.NoError(t, err)
	all := strings.Join(frames, "\n")
	assert.Contains(t, all, `8a "?"`)
	assert.Contains(t, all, `82 ""`)
	assert.Equal(t, "88 1000", frames[len(frames)-1])
	assert.Less(t, len(frames), 20, "of %d messages that there were to send", plenty)
}

func TestWhatAProgramSaysToAMessageComesBeforeTheCloseThatFollowsIt(t *testing.T) {
	program := func(s *server.Socket) func(bool, []byte) error { return s.Send }
	d := serveDesk(t, &server.Server{Web: &server.Web{WebSockets: map[string]server.Program{"/ws": program}}})
	for _, talk := range []talk{
		goesOn("a Close", sends(0x81, "one"), `81 "one"`),
		breaks("a mistake", sends(0x81, "one")+sends(0x83, ""), 1002, `81 "one"`),
	} {
		got := d.play(t, askWebSocket+talk.in)
		frames, err := fromServer(afterSwitch(t, got))
		require.NoError(t, err, talk.name)
		assert.Equal(t, talk.want, frames, talk.name)
	}
}

// TestAProgramMayAnswerWhateverComesAtOnce: its client takes what is sent to it, and is not behind only because one read
// brought much.
func TestAProgramMayAnswerWhateverComesAtOnce(t *testing.T) {
	program := func(s *server.Socket) func(bool, []byte) error { return s.Send }
	d := serveDesk(t, &server.Server{ReadBuffer: 4 << 20, Web: &server.Web{WebSockets: map[string]server.Program{"/ws": program}}})
	large := strings.Repeat("l", server.DefaultMaxMessage)
	in, want := sends(0x82, "first"), []string{`82 "first"`}
	for range 3 {
		in, want = in+sends(0x82, large), append(want, line(0x82, large))
	}
	got := d.play(t, askWebSocket, in+sends(0x88, ""))
	frames, err := fromServer(afterSwitch(t, got))
	require.NoError(t, err)
	assert.Equal(t, append(want, `88 ""`), frames)
}

func TestSmallMessagesCannotPileUpEither(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web, sockets := collect()
		c := serveDesk(t, &server.Server{Web: web}).dial(t)
		shakeHands(t, c)
		socket, sent := <-sockets, 0
		for socket.Send(true, nil) == nil {
			require.Less(t, sent, server.MaxQueued, "messages of no bytes")
			sent++
		}
		assert.ErrorIs(t, socket.Send(true, nil), server.ErrBehind)
		c.Close()
	})
}

// TestALookForWhatTheClientSaysHoldsUpNothing: while the client is silent, what there is to send goes on.
func TestALookForWhatTheClientSaysHoldsUpNothing(t *testing.T) {
	const plenty = 1000
	synctest.Test(t, func(t *testing.T) {
		client, atServer := net.Pipe()
		c := &sluice{Conn: atServer, socket: make(chan *server.Socket, 1)}
		c.left.Store(plenty)
		program := func(s *server.Socket) func(bool, []byte) error {
			_ = s.Send(false, []byte("more"))
			c.socket <- s
			return s.Send
		}
		d := serveDesk(t, &server.Server{Web: &server.Web{WebSockets: map[string]server.Program{"/ws": program}}})
		d.next <- accepted{conn: c}
		shakeHands(t, client)
		began := time.Now()
		for range plenty {
			expect(t, client, []byte("\x82\x04more"))
		}
		assert.Less(t, time.Since(began), 5*time.Second)
		client.Close()
	})
}
