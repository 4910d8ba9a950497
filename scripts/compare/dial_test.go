package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/websocket"
)

func TestNothingMayComeWithTheAnswerToAHandshake(t *testing.T) {
	for more, says := range map[string]string{"": "", "x": "bytes came with the answer"} {
		addr := listen(t, func(c *net.TCPConn) {
			request, err := http.ReadRequest(bufio.NewReader(c))
			if !assert.NoError(t, err) {
				return
			}
			c.Write(append(websocket.Response(request.Header.Get("Sec-WebSocket-Key"), ""), more...))
			io.Copy(io.Discard, c)
		})
		c, err := dial(t.Context(), addr, 0, true)
		if says != "" {
			assert.ErrorContains(t, err, says)
			continue
		}
		require.NoError(t, err)
		c.Close()
	}
}

func TestARefusalIsAnError(t *testing.T) {
	addr := listen(t, func(c *net.TCPConn) { io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") })
	_, err := dial(t.Context(), addr, 0, true)
	assert.ErrorContains(t, err, "400")
}

func TestManyConnectionsComeFromSeveralAddresses(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8")
	}
	addr := listen(t, func(c *net.TCPConn) { io.Copy(c, c) })
	for number, from := range map[int]string{
		0: "127.0.0.1", portsPerAddress - 1: "127.0.0.1", portsPerAddress: "127.0.0.2", maxIdle: "127.0.0.51",
	} {
		c, err := dial(t.Context(), addr, number, false)
		require.NoError(t, err)
		assert.Equal(t, from, c.LocalAddr().(*net.TCPAddr).IP.String())
		c.Close()
	}
}
