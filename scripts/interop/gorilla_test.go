package interop

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/gorilla/websocket"
)

// A gorillaConn is a connection of github.com/gorilla/websocket.
type gorillaConn struct {
	*websocket.Conn
	extensions string
	pong       string // what the last Pong brought
}

// gorillaFrame is the size of the buffer that becomes a frame whenever it is full.
const gorillaFrame = 4096

func dialGorilla(ctx context.Context, to target, subprotocols ...string) (goConn, error) {
	config, err := trust(to.ca)
	if err != nil {
		return nil, err
	}
	dialer := websocket.Dialer{
		NetDialContext:    dialTCP,
		TLSClientConfig:   config,
		EnableCompression: to.deflate,
		Subprotocols:      subprotocols,
		WriteBufferSize:   gorillaFrame,
	}
	conn, response, err := dialer.DialContext(ctx, to.url, nil)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	c := &gorillaConn{Conn: conn, extensions: response.Header.Get("Sec-WebSocket-Extensions")}
	conn.SetPongHandler(func(payload string) error {
		c.pong = payload
		return nil
	})
	return c, errors.Join(conn.SetReadDeadline(deadline), conn.SetWriteDeadline(deadline))
}

func (c *gorillaConn) negotiated() (extensions, subprotocol string) {
	return c.extensions, c.Subprotocol()
}

func (c *gorillaConn) send(text bool, message []byte) error {
	kind := websocket.BinaryMessage
	if text {
		kind = websocket.TextMessage
	}
	return c.WriteMessage(kind, message)
}

func (c *gorillaConn) writer() (io.WriteCloser, error) { return c.NextWriter(websocket.TextMessage) }

func (c *gorillaConn) receive() (text bool, message []byte, err error) {
	kind, message, err := c.ReadMessage()
	return kind == websocket.TextMessage, message, err
}

// ping has a message after the Ping: the Pong is only seen by somebody who reads, and comes before its echo.
func (c *gorillaConn) ping(payload string) error {
	if err := c.WriteControl(websocket.PingMessage, []byte(payload), time.Now().Add(limit)); err != nil {
		return err
	}
	if err := c.send(true, []byte(payload)); err != nil {
		return err
	}
	if _, _, err := c.receive(); err != nil {
		return err
	}
	if c.pong != payload {
		return errors.New("no Pong came, or one with something else: " + c.pong)
	}
	return nil
}

func (c *gorillaConn) close(code int, reason string) error {
	return c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(limit))
}

func (*gorillaConn) closed(err error) (answer closed, ok bool) {
	var came *websocket.CloseError
	if ok = errors.As(err, &came); ok {
		answer = closed{came.Code, came.Text}
	}
	return answer, ok
}

func (c *gorillaConn) cut() { _ = c.Close() }
