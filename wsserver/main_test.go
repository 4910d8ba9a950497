package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/cli/clitest"
	"echolab/internal/proc"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		proc.Cleanup()
		os.Exit(status)
	}))
}

func start(t *testing.T, args ...string) *clitest.Server {
	t.Helper()
	return clitest.Start(t, run, args...)
}

func once(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return clitest.Once(t, run, args...)
}

// A client is one end of a connection, by hand.
type client struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func newClient(t *testing.T, conn net.Conn) *client {
	return &client{conn, t, bufio.NewReader(conn)}
}

// request sends a GET request with these lines in its header, and returns the answer without its body.
func (c *client) request(path string, lines ...string) *http.Response {
	c.t.Helper()
	header := strings.Join(append([]string{"GET " + path + " HTTP/1.1", "Host: localhost"}, lines...), "\r\n")
	_, err := io.WriteString(c, header+"\r\n\r\n")
	require.NoError(c.t, err)
	response, err := http.ReadResponse(c.r, &http.Request{Method: http.MethodGet})
	require.NoError(c.t, err)
	return response
}

// get returns the status and the body that a path has.
func (c *client) get(path string) (status int, body string) {
	c.t.Helper()
	response := c.request(path)
	b, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	return response.StatusCode, string(b)
}

// handshake asks for a WebSocket, with further lines in the header, and returns the answer.
func (c *client) handshake(lines ...string) *http.Response {
	c.t.Helper()
	return c.request("/ws", append(lines, "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")...)
}

// open makes a WebSocket of a connection.
func open(t *testing.T, conn net.Conn) *client {
	t.Helper()
	c := newClient(t, conn)
	response := c.handshake()
	require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	require.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", response.Header.Get("Sec-WebSocket-Accept"))
	return c
}

func (c *client) send(op ws.OpCode, payload string) {
	c.t.Helper()
	require.NoError(c.t, ws.WriteFrame(c, ws.MaskFrame(ws.NewFrame(op, true, []byte(payload)))))
}

func (c *client) receive() ws.Frame {
	c.t.Helper()
	h, err := ws.ReadHeader(c.r)
	require.NoError(c.t, err)
	require.LessOrEqual(c.t, h.Length, int64(1<<20))
	frame := ws.Frame{Header: h, Payload: make([]byte, h.Length)}
	_, err = io.ReadFull(c.r, frame.Payload)
	require.NoError(c.t, err)
	return frame
}

// echo sends a message and sees it come back.
func (c *client) echo(text string) {
	c.t.Helper()
	c.send(ws.OpText, text)
	assert.Equal(c.t, text, string(c.receive().Payload))
}

// receiveClose receives a Close with that code.
func (c *client) receiveClose(code int) {
	c.t.Helper()
	frame := c.receive()
	require.Equal(c.t, ws.OpClose, frame.Header.OpCode, "%q", frame.Payload)
	require.EqualValues(c.t, code, binary.BigEndian.Uint16(frame.Payload))
}

// answerClose answers a Close, and sees the stream end.
func (c *client) answerClose(code uint16) {
	c.t.Helper()
	c.send(ws.OpClose, string(binary.BigEndian.AppendUint16(nil, code)))
	c.ends()
	c.Close()
}

// leave ends the WebSocket in good order.
func (c *client) leave() {
	c.t.Helper()
	c.send(ws.OpClose, "\x03\xe8")
	c.receiveClose(1000)
	c.ends()
	c.Close()
}

// ends sees the stream end in good order.
func (c *client) ends() {
	c.t.Helper()
	_, err := c.r.ReadByte()
	require.Equal(c.t, io.EOF, err)
}
