package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"

	coder "github.com/coder/websocket"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	gorilla "github.com/gorilla/websocket"
	"github.com/lxzan/gws"
)

// What a connection of the plain loop reads into: a little, and as much as wsserver takes at once when that is full.
// With less it would make more calls for large messages than a server that knows of messages, and flatter that.
const (
	plainBuffer = 64 << 10
	plainMost   = 256 << 10
)

// servePlain is the reference: one goroutine a connection, which reads and writes. Nothing that knows of messages can
// be expected to cost less.
func servePlain(ln net.Listener) error {
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			buf := make([]byte, plainBuffer)
			for {
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				if _, err := c.Write(buf[:n]); err != nil {
					return
				}
				if n == len(buf) && n < plainMost {
					buf = make([]byte, plainMost)
				}
			}
		}()
	}
}

// The echo loops of other libraries, each as its own documentation writes it: without compression, with a limit that
// lets the largest message pass, and with the library's defaults otherwise. Nothing is logged.

// serveHTTP serves every path with handle, which takes the connection over.
func serveHTTP(ln net.Listener, handle http.HandlerFunc) error {
	s := http.Server{Handler: handle, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	return s.Serve(ln)
}

// serveGorilla is the loop of gorilla/websocket's examples/echo.
func serveGorilla(ln net.Listener) error {
	var upgrader gorilla.Upgrader
	return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		c.SetReadLimit(maxSize)
		for {
			kind, message, err := c.ReadMessage()
			if err != nil {
				return
			}
			if err := c.WriteMessage(kind, message); err != nil {
				return
			}
		}
	})
}

// serveCoder reads and writes whole messages. The library's examples copy with io.Copy from a Reader to a Writer, which
// makes two frames of every message and allocates 32 KiB for it: this is the cheaper way.
func serveCoder(ln net.Listener) error {
	return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
		c, err := coder.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(maxSize)
		ctx := context.Background()
		for {
			kind, message, err := c.Read(ctx)
			if err != nil {
				return
			}
			if err := c.Write(ctx, kind, message); err != nil {
				return
			}
		}
	})
}

// serveGWS is gws's own server with the handler of its README. Its parallel handling of messages stays off, as it is by
// default: an echo keeps their order.
func serveGWS(ln net.Listener) error {
	s := gws.NewServer(gwsEcho{}, &gws.ServerOption{ReadMaxPayloadSize: maxSize, WriteMaxPayloadSize: maxSize})
	s.OnError = func(net.Conn, error) {}
	return s.RunListener(ln)
}

type gwsEcho struct{ gws.BuiltinEventHandler }

func (gwsEcho) OnMessage(c *gws.Conn, message *gws.Message) {
	defer message.Close()
	_ = c.WriteMessage(message.Opcode, message.Bytes())
}

// serveGobwas is the first loop of the README of gobwas/ws: no limit, no buffer, and a goroutine of its own, so that
// what net/http had for the connection can go.
func serveGobwas(ln net.Listener) error {
	return serveHTTP(ln, func(w http.ResponseWriter, r *http.Request) {
		c, _, _, err := ws.UpgradeHTTP(r, w)
		if err != nil {
			return
		}
		go gobwasEcho(c)
	})
}

func gobwasEcho(c io.ReadWriteCloser) {
	defer c.Close()
	for {
		message, op, err := wsutil.ReadClientData(c)
		if err != nil {
			return
		}
		if err := wsutil.WriteServerMessage(c, op, message); err != nil {
			return
		}
	}
}
