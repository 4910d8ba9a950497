package server_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/sock"
)

func TestAChunkIsTheMostThatIsWrittenAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		srv  *server.Server
		in   string
		want string
	}{
		"bytes":     {&server.Server{}, "hello", "hello"},
		"messages":  {&server.Server{Codec: framing.Lines{}}, "hello\nyou\n", "hello\nyou\n"},
		"WebSocket": {&server.Server{Web: new(server.Web)}, askWebSocket + sends(0x81, "hello") + sends(0x88, ""), "\x81\x05hello\x88\x00"},
		"HTTP":      {&server.Server{Web: new(server.Web)}, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "404 page not found\n"},
	} {
		rec := new(labtest.Account)
		c.srv.Chunk, c.srv.Recorder = 3, rec
		got := serveDesk(t, c.srv).play(t, c.in)
		assert.True(t, strings.HasSuffix(got, c.want), "%s: %q", name, got)
		rec.AwaitText(t, event.Close)
		all := 0
		for _, e := range rec.All(event.Write) {
			assert.LessOrEqual(t, e.N, 3, name)
			all += e.N
		}
		assert.Equal(t, len(got), all, name)
	}
}

func TestADelayIsBetweenTwoWritesAndEndsWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &server.Server{Chunk: 1, Delay: time.Minute, WriteTimeout: time.Second}
		c := serveDesk(t, srv).dial(t)
		began := time.Now()
		write(t, c, []byte("abc"))
		expect(t, c, []byte("abc"))
		assert.Equal(t, 2*time.Minute, time.Since(began), "three writes; and no client is cut off for it")
		write(t, c, []byte("def"))
		go expect(t, c, []byte("def"))
		synctest.Wait()
		began = time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := srv.Shutdown(ctx)
		require.NoError(t, err)
		assert.Less(t, time.Since(began), time.Minute)
	})
}

// A streammap finds the connection of an account by what the kernel said at accept.
func TestTheKernelIsAskedAboutAConnectionThatIsWrittenInPieces(t *testing.T) {
	rec := new(labtest.Account)
	s := serve(t, &server.Server{Chunk: 1}, rec)
	c := dial(t, s.addr)
	ping(t, c)
	if _, err := sock.Inspect(c); err != nil {
		t.Skip("this system does not report on its sockets: ", err)
	}
	accepted := rec.Await(t, event.Accept, 1)[0]
	assert.Empty(t, accepted.Text)
	require.NotNil(t, accepted.Sock)
	assert.Equal(t, s.addr, accepted.Sock.Local.String())
}

// The pause may have taken longer than a client has for a write.
func TestADelayThatTheServersEndCutsShortLeavesTheClientItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		streams := func(w http.ResponseWriter, _ *http.Request) {
			for _, part := range []string{"one", "two"} {
				_, _ = io.WriteString(w, part)
				_ = http.NewResponseController(w).Flush()
			}
		}
		srv := &server.Server{Web: &server.Web{Handler: http.HandlerFunc(streams)}, Delay: time.Minute, WriteTimeout: time.Second}
		c := serveDesk(t, srv).dial(t)
		write(t, c, []byte("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
		answer := make(chan string)
		go func() {
			b, _ := io.ReadAll(c)
			answer <- string(b)
		}()
		time.Sleep(30 * time.Second) // of the bubble: into the pause
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := srv.Shutdown(ctx)
		require.NoError(t, err)
		assert.Contains(t, <-answer, "two")
	})
}
