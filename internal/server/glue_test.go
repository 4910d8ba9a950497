package server_test

import (
	"context"
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

func TestGlueAnswersWithOneWriteWhatComesInItsTime(t *testing.T) {
	for name, c := range map[string]struct {
		srv       *server.Server
		parts     []string
		want      string
		webSocket bool
	}{
		"bytes":    {&server.Server{}, []string{"a", "bc", "d"}, "abcd", false},
		"messages": {&server.Server{Codec: framing.Lines{}}, []string{"a\n", "b", "c\n"}, "a\nbc\n", false},
		"WebSocket": {&server.Server{Web: new(server.Web)}, []string{sends(0x81, "a"), sends(0x81, "b")},
			"\x81\x01a\x81\x01b", true},
	} {
		inBubble(t, name, func(t *testing.T) {
			rec := new(labtest.Account)
			c.srv.Glue, c.srv.Recorder = time.Second, rec
			d := serveDesk(t, c.srv)
			dial := d.dial
			if c.webSocket {
				dial = d.webSocket
			}
			conn := dial(t)
			synctest.Wait() // until the handshake is told
			before := len(rec.All(event.Write))
			for range 2 { // what comes later is answered on its own
				began := time.Now()
				for _, part := range c.parts {
					time.Sleep(300 * time.Millisecond) // of the bubble
					write(t, conn, []byte(part))
				}
				expect(t, conn, []byte(c.want))
				assert.Equal(t, 1300*time.Millisecond, time.Since(began))
			}
			synctest.Wait()
			writes := rec.All(event.Write)[before:]
			require.Len(t, writes, 2)
			assert.Equal(t, len(c.want), writes[0].N)
		})
	}
}

func TestGlueEndsWithTheClientAndWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &server.Server{Glue: time.Hour}
		assert.Equal(t, "all", serveDesk(t, srv).play(t, "a", "ll"), "and then the end, which waits for nobody")
	})
	synctest.Test(t, func(t *testing.T) {
		srv := &server.Server{Glue: time.Hour}
		c := serveDesk(t, srv).dial(t)
		write(t, c, []byte("abc"))
		go func() {
			time.Sleep(100 * time.Millisecond) // of the bubble: in the middle of the Shutdown
			write(t, c, []byte("d"))
			expect(t, c, []byte("abcd"))
		}()
		synctest.Wait()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := srv.Shutdown(ctx)
		require.NoError(t, err)
		assert.Less(t, time.Since(began), time.Second)
	})
}
