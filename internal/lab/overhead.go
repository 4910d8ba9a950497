package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/gobwas/ws"

	"echolab/internal/event"
	"echolab/internal/server"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Overhead is what the same messages cost to be sent and echoed, counted from what was written to the sockets.
type Overhead struct {
	Message   string `json:"message"`
	Size      int    `json:"size"`  // of the message
	Times     int    `json:"times"` // how often it was sent and came back
	WebSocket Cost   `json:"websocket"`
	HTTP      Cost   `json:"http"`
}

// A Cost is in bytes. The first two are per message, its own bytes included.
type Cost struct {
	Out    int `json:"out"`    // client to server
	In     int `json:"in"`     // server to client
	Before int `json:"before"` // both ways, before the first message
	Conns  int `json:"conns"`
}

// RunOverhead sends a message ten times over a WebSocket, and ten times as HTTP/1.1 requests on one connection.
func RunOverhead(ctx context.Context) (f Overhead, err error) {
	f = Overhead{Message: "hello there", Times: 10}
	f.Size = len(f.Message)
	if err := f.overWebSocket(ctx); err != nil {
		return f, err
	}
	return f, f.overHTTP(ctx)
}

func (f *Overhead) overWebSocket(ctx context.Context) error {
	srv := new(server.Server)
	maps, err := withWebEcho(ctx, srv, func(w *webEcho) error {
		for range f.Times {
			if err := w.writeMessage(w.frame(ws.OpText, true, f.Message)); err != nil {
				return err
			}
			got, err := w.nextMessage()
			if err != nil {
				return err
			}
			if got != f.Message {
				return fmt.Errorf("%q came back", got)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	out, in := maps.Map(1, event.ClientToServer), maps.Map(1, event.ServerToClient)
	f.WebSocket = Cost{
		Out:    int(out.Size()-out.Start) / f.Times,
		In:     int(in.Size()-in.Start) / f.Times,
		Before: int(out.Start + in.Start),
		Conns:  srv.Stats().Conns,
	}
	return nil
}

func (f *Overhead) overHTTP(ctx context.Context) error {
	ln, err := listen(ctx)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body) // what does not arrive, the client misses
	})}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	var maps streammap.Maps
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := dial(ctx, ln.Addr().String())
		if err != nil {
			return nil, err
		}
		f.HTTP.Conns++
		return event.Wrap(c, &maps, 1, event.Client), nil
	}}
	for range f.Times {
		if err = f.post(ctx, transport, "http://"+ln.Addr().String()); err != nil {
			break
		}
	}
	transport.CloseIdleConnections()
	srv.Close()
	if ended := <-served; ended != http.ErrServerClosed {
		err = errors.Join(err, ended)
	}
	f.HTTP.Out = int(maps.Map(1, event.ClientToServer).Size()) / f.Times
	f.HTTP.In = int(maps.Map(1, event.ServerToClient).Size()) / f.Times
	return err
}

// post sends the message as the body of a request, and takes it back.
func (f *Overhead) post(ctx context.Context, transport *http.Transport, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(f.Message))
	if err != nil {
		return err
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && string(body) != f.Message {
		err = fmt.Errorf("%q came back", body)
	}
	return err
}

// EvenAt is the number of messages from which on the WebSocket, its handshake included, has cost less.
func (f Overhead) EvenAt() int {
	saved := f.HTTP.Out + f.HTTP.In - f.WebSocket.Out - f.WebSocket.In
	if saved <= 0 {
		return 0
	}
	return f.WebSocket.Before/saved + 1
}

func (f Overhead) Report() Report {
	step := func(name string, c Cost) string {
		return fmt.Sprintf("%s: %d bytes out and %d back for each, %d of them the message itself.", name, c.Out, c.In, 2*f.Size)
	}
	r := Report{
		Steps: []string{
			fmt.Sprintf("%q was sent %d times and echoed, over one WebSocket and over one HTTP connection.", f.Message, f.Times),
			step("As a WebSocket frame, the client's masked", f.WebSocket),
			step("As an HTTP/1.1 request and its answer, Go's client and Go's server", f.HTTP),
			fmt.Sprintf("The WebSocket's handshake: %s, once.", text.Bytes(int64(f.WebSocket.Before))),
		},
		Answer: fmt.Sprintf("%d bytes more than the message out and %d back as frames, %d and %d as HTTP. With its handshake counted, "+
			"the WebSocket is cheaper from message %d on. Go's headers are short; a browser's, with cookies, are not. "+
			"The headers of TCP and IP, 52 bytes or more per segment, come on top of both. And where one side only "+
			"tells, a WebSocket needs no answer at all.",
			f.WebSocket.Out-f.Size, f.WebSocket.In-f.Size, f.HTTP.Out-f.Size, f.HTTP.In-f.Size, f.EvenAt()),
	}
	r.expect(f.WebSocket.Out == f.Size+6 && f.WebSocket.In == f.Size+2, "a frame's header is not 2 bytes and a mask 4")
	r.expect(f.HTTP.Out > f.WebSocket.Out && f.HTTP.In > f.WebSocket.In, "HTTP was cheaper")
	r.expect(f.WebSocket.Conns == 1 && f.HTTP.Conns == 1, "HTTP took more than one connection")
	return r
}
