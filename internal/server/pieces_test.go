package server_test

import (
	"context"
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
