package lab

import (
	"context"
	"errors"

	"echolab/internal/event"
	"echolab/internal/server"
	"echolab/internal/streammap"
)

// serving runs a server of the lab's while talk does, and returns when both have ended.
func serving(ctx context.Context, srv *server.Server, talk func(addr string)) {
	ln := listen(ctx)
	if srv.Web == nil {
		srv.Web = &server.Web{}
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	err := attempt(func() { talk(ln.Addr().String()) })
	srv.Close()
	if ended := <-served; !errors.Is(ended, server.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	check(err)
}

// withServer is serving for one connection. The maps that it returns have all of both streams.
func withServer(ctx context.Context, srv *server.Server, talk func(c *end)) *streammap.Maps {
	maps := new(streammap.Maps)
	srv.Recorder = event.Tee(maps, srv.Recorder)
	serving(ctx, srv, func(addr string) {
		c := newEnd(ctx, dial(ctx, addr), maps, 1, event.Client)
		defer c.Close()
		talk(c)
	})
	return maps
}

// withEcho is withServer for a client whose handshake is done: the server echoes its messages.
func withEcho(ctx context.Context, srv *server.Server, talk func(c *end)) *streammap.Maps {
	return withServer(ctx, srv, func(c *end) {
		c.answered(c.ask())
		talk(c)
	})
}
