package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

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
	defer caught(&err)
	f = Overhead{Message: "hello there", Times: 10}
	f.Size = len(f.Message)
	f.overWebSocket(ctx)
	f.overHTTP(ctx)
	return f, nil
}

func (f *Overhead) overWebSocket(ctx context.Context) {
	srv := new(server.Server)
	maps := withEcho(ctx, srv, func(c *end) {
		for range f.Times {
			c.send(c.text(f.Message))
			f.cameBack(c.nextMessage())
		}
	})
	f.WebSocket = f.cost(maps)
	f.WebSocket.Conns = srv.Stats().Conns
}

func (f *Overhead) overHTTP(ctx context.Context) {
	ln := listen(ctx)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body) // what does not arrive, the client misses
	})}
	var maps streammap.Maps
	conns := 0
	transport := &http.Transport{DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
		conns++
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		return event.Wrap(c, &maps, 1, event.Client), err
	}}
	together(func() {
		if err := srv.Serve(ln); err != http.ErrServerClosed {
			check(err)
		}
	}, func() {
		defer srv.Close()
		defer transport.CloseIdleConnections()
		for range f.Times {
			ask := must(http.NewRequestWithContext(ctx, http.MethodPost, "http://"+ln.Addr().String(), strings.NewReader(f.Message)))
			answer := must(transport.RoundTrip(ask))
			f.cameBack(string(must(io.ReadAll(answer.Body))))
			check(answer.Body.Close())
		}
	})
	f.HTTP = f.cost(&maps)
	f.HTTP.Conns = conns
}

// cameBack holds what came back against the message.
func (f *Overhead) cameBack(got string) {
	if got != f.Message {
		check(fmt.Errorf("%q came back", got))
	}
}

// cost is what the first connection's streams had to carry.
func (f *Overhead) cost(maps *streammap.Maps) Cost {
	out, in := maps.Map(1, event.ClientToServer), maps.Map(1, event.ServerToClient)
	return Cost{
		Out:    int(out.Size()-out.Start) / f.Times,
		In:     int(in.Size()-in.Start) / f.Times,
		Before: int(out.Start + in.Start),
	}
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
