package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// accept answers a key (RFC 6455 section 1.3).
func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func TestAHandshakeIsCheckedToTheLastByte(t *testing.T) {
	const good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: KEY\r\n\r\n"
	for answer, says := range map[string]string{
		good:                                 "",
		good + "x":                           "bytes came with the answer",
		good[:len(good)-1]:                   "EOF",
		"":                                   "EOF",
		strings.Replace(good, "KEY", "x", 1): ws.ErrHandshakeBadSecAccept.Error(),
		"HTTP/1.1 400 Bad Request\r\n\r\n":   "400",
		"HTTP/1.1 101 Switching Protocols\r\n\r\n":   ws.ErrHandshakeBadUpgrade.Error(),
		"SSH-2.0-x\r\n\r\n":                          ws.ErrMalformedResponse.Error(),
		"HTTP/1.1 101 " + string(make([]byte, 5000)): "EOF",
	} {
		addr := listen(t, func(c *net.TCPConn) {
			request, err := http.ReadRequest(bufio.NewReader(c))
			if !assert.NoError(t, err) {
				return
			}
			io.WriteString(c, strings.Replace(answer, "KEY", accept(request.Header.Get("Sec-WebSocket-Key")), 1))
			c.CloseWrite()
			io.Copy(io.Discard, c)
		})
		c, err := dial(t.Context(), addr, 0, true)
		if says == "" {
			require.NoError(t, err)
			c.Close()
			continue
		}
		assert.ErrorContains(t, err, says, answer)
	}
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
