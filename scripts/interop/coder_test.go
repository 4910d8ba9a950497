package interop

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

// A coderConn is a connection of github.com/coder/websocket.
type coderConn struct {
	*websocket.Conn
	ctx        context.Context
	extensions string
}

func dialCoder(ctx context.Context, to target, subprotocols ...string) (goConn, error) {
	config, err := trust(to.ca)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DialContext: dialTCP, TLSClientConfig: config, DisableKeepAlives: true}
	options := &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}, Subprotocols: subprotocols}
	if to.deflate {
		options.CompressionMode = websocket.CompressionContextTakeover
	}
	conn, response, err := websocket.Dial(ctx, to.url, options)
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(mebibyte)
	return &coderConn{conn, ctx, response.Header.Get("Sec-WebSocket-Extensions")}, nil
}

func (c *coderConn) negotiated() (extensions, subprotocol string) {
	return c.extensions, c.Subprotocol()
}

func (c *coderConn) send(text bool, message []byte) error {
	kind := websocket.MessageBinary
	if text {
		kind = websocket.MessageText
	}
	return c.Write(c.ctx, kind, message)
}

func (c *coderConn) writer() (io.WriteCloser, error) { return c.Writer(c.ctx, websocket.MessageText) }

func (c *coderConn) receive() (text bool, message []byte, err error) {
	kind, message, err := c.Read(c.ctx)
	return kind == websocket.MessageText, message, err
}

// ping has a message after the Ping: the Pong is only seen by somebody who reads.
func (c *coderConn) ping(payload string) error {
	read := make(chan error, 1)
	go func() {
		_, _, err := c.receive()
		read <- err
	}()
	if err := c.Ping(c.ctx); err != nil {
		return err
	}
	if err := c.send(true, []byte(payload)); err != nil {
		return err
	}
	return <-read
}

func (c *coderConn) close(code int, reason string) error {
	return c.Close(websocket.StatusCode(code), reason)
}

func (*coderConn) closed(err error) (answer closed, ok bool) {
	var came websocket.CloseError
	ok = errors.As(err, &came)
	return closed{int(came.Code), came.Reason}, ok
}

func (c *coderConn) cut() { _ = c.CloseNow() }
