package server_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/server"
)

func TestAProgramThatPanicsWhenItIsCalledIsAClose(t *testing.T) {
	sockets := make(chan *server.Socket, 1)
	program := func(s *server.Socket) func(bool, []byte) error {
		sockets <- s
		panic("a secret")
	}
	d := serveDesk(t, &server.Server{Web: &server.Web{WebSockets: map[string]server.Program{"/ws": program}}})
	got := d.play(t, askWebSocket+sends(0x81, "hello"))
	assert.NotContains(t, got, "secret")
	frames, err := fromServer(afterSwitch(t, got))
	require.NoError(t, err)
	assert.Equal(t, []string{refused(1011)}, frames)
	socket := <-sockets
	select {
	case <-socket.Context().Done():
	case <-time.After(labtest.Watchdog):
		t.Fatal("its Context does not end")
	}
	assert.ErrorIs(t, socket.Send(true, nil), net.ErrClosed)
}

// TestWhatAProtocolOfTheProgramsOwnSaysLastArrives: with input that nobody has read, a close is a reset, and what the
// client has not read by then is lost to it.
func TestWhatAProtocolOfTheProgramsOwnSaysLastArrives(t *testing.T) {
	const last = 4 << 20 // more than has room on the way
	for name, panics := range map[string]bool{"it returns": false, "it panics": true} {
		t.Run(name, func(t *testing.T) {
			hello := server.Custom{
				Name:   "hello",
				Starts: func(b []byte) (is, more bool) { return b[0] == '?', false },
				Serve: func(_ context.Context, c net.Conn) error {
					if _, err := bufio.NewReaderSize(c, 16).ReadByte(); err != nil {
						return err
					}
					if _, err := io.WriteString(c, strings.Repeat("!", last)); err != nil || !panics {
						return err
					}
					panic("no more")
				},
			}
			s := serve(t, &server.Server{Web: &server.Web{Protocols: []server.Custom{hello}}}, nil)
			c := dial(t, s.addr)
			write(t, c, []byte("?"))
			expect(t, c, []byte("!"))
			write(t, c, []byte("more than it reads"))
			b, err := io.ReadAll(c)
			require.NoError(t, err)
			assert.Len(t, b, last-1)
			c.Close()
			s.Close()
			stats := s.Stats()
			assert.EqualValues(t, last, stats.BytesOut)
			assert.Equal(t, 1, stats.Custom)
		})
	}
}

// TestCodeOfAProgramThatNeverReturnsHoldsUpNoEnd: it is not the server's to end, and the rest of the program wants to go on.
func TestCodeOfAProgramThatNeverReturnsHoldsUpNoEnd(t *testing.T) {
	for name, end := range map[string]func(*server.Server) error{
		"Close": func(srv *server.Server) error { srv.Close(); return nil },
		"Shutdown": func(srv *server.Server) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			_, err := srv.Shutdown(ctx)
			return err
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			hangs := make(chan struct{})
			deaf := server.Custom{
				Name:   "deaf",
				Starts: func([]byte) (is, more bool) { return true, false },
				Serve:  func(context.Context, net.Conn) error { <-hangs; return nil },
			}
			srv := &server.Server{Web: &server.Web{Protocols: []server.Custom{deaf}}}
			c := serveDesk(t, srv).dial(t)
			write(t, c, []byte("?"))
			synctest.Wait()
			began := time.Now()
			err := end(srv)
			assert.Less(t, time.Since(began), 2*time.Minute)
			if name == "Shutdown" {
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			}
			close(hangs)
			c.Close()
		})
	}
}
