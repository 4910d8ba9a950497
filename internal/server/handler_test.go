package server_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/server"
)

func TestAHandlerServesWhatTheFirstBytesDecidedFromTheFirstByteOn(t *testing.T) {
	t.Parallel()
	either(t, func(t *testing.T, rec *labtest.Account) {
		got := make(chan string, 2)
		s := serve(t, &server.Server{Web: &server.Web{Handlers: map[server.Protocol]func(net.Conn) error{
			server.Raw: func(c net.Conn) error {
				b, err := io.ReadAll(c)
				got <- string(b)
				return err
			},
			server.HTTP: func(c net.Conn) error {
				if _, err := ws.Upgrade(c); err != nil {
					return err
				}
				messages, err := wsutil.ReadClientMessage(c, nil)
				for _, m := range messages {
					got <- string(m.Payload)
				}
				return err
			},
		}}}, rec)
		raw, atServer := s.connect(t)
		dribble(t, raw, atServer, "GET nothing")
		require.NoError(t, raw.CloseWrite())
		assert.Equal(t, "GET nothing", <-got)
		assert.Empty(t, readAll(t, raw), "no echo")

		web, _, _, err := ws.Dial(t.Context(), "ws://"+s.addr+"/anywhere")
		require.NoError(t, err)
		defer web.Close()
		require.NoError(t, wsutil.WriteClientText(web, []byte("hello")))
		assert.Equal(t, "hello", <-got)
		_, err = web.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err, "the connection ends with its handler")
	})
}

func TestAHandlersErrorIsItsConnections(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: &server.Web{Handlers: map[server.Protocol]func(net.Conn) error{
		server.Raw: func(net.Conn) error { return errors.New("no") },
	}}}, nil)
	raw, _ := s.connect(t)
	write(t, raw, []byte("x"))
	assert.Empty(t, readAll(t, raw))

	web, _ := s.connect(t) // HTTP has no handler, and is the server's own
	write(t, web, []byte("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
	resp, err := http.ReadResponse(bufio.NewReader(web), nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	web.Close()
	labtest.Await(t, func() bool { return s.Stats().Open == 0 }, "both to end")
	assert.Equal(t, 1, s.Stats().Failed)
}
