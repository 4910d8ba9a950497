package lab

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"echolab/internal/event"
	"echolab/internal/server"
	"echolab/internal/sock"
	"echolab/internal/streammap"
	"echolab/internal/websocket"
)

// A webEcho is the lab's WebSocket server and one client of it.
type webEcho struct {
	*webEnd // the client's
	maps    streammap.Maps
	taken   atomic.Int64 // how far the server's reads have come

	mu     sync.Mutex
	frames []Frame // that the server has read
}

// Record draws the maps, and notes how far the server is, and its frames.
func (w *webEcho) Record(e event.Event) {
	w.maps.Record(e)
	if e.Ev == event.Read && e.At == event.Server {
		w.taken.Store(e.Off + int64(e.N))
	}
	if e.Ev == event.Frame && e.At == event.Server && e.Dir == event.ClientToServer {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.frames = append(w.frames, Frame{e.Opcode, e.Fin, string(e.Bytes)})
	}
}

// framesTaken returns the frames that the server has read.
func (w *webEcho) framesTaken() []Frame {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.frames)
}

// awaitTaken waits until reads of the server's have returned all that was written: what is written next comes with
// another read.
func (w *webEcho) awaitTaken(ctx context.Context) error {
	return sock.Await(ctx, func() (bool, error) { return w.taken.Load() >= w.out, nil })
}

// A begun listener tells when Accept is first called: the server serves.
type begun struct {
	*net.TCPListener
	once   sync.Once
	serves chan struct{}
}

func (b *begun) Accept() (net.Conn, error) {
	b.once.Do(func() { close(b.serves) })
	return b.TCPListener.Accept()
}

// serving runs a server of the lab's while talk does, and returns when both have ended.
func serving(ctx context.Context, srv *server.Server, talk func(addr string) error) error {
	tcp, err := listen(ctx)
	if err != nil {
		return err
	}
	ln := &begun{TCPListener: tcp, serves: make(chan struct{})}
	if srv.Web == nil {
		srv.Web = &server.Web{}
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	<-ln.serves
	err = talk(ln.Addr().String())
	srv.Close()
	if ended := <-served; !errors.Is(ended, server.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

// withServer is serving for one connection.
func withServer(ctx context.Context, srv *server.Server, talk func(*net.TCPConn) error) error {
	return serving(ctx, srv, func(addr string) error {
		conn, err := dial(ctx, addr)
		if err != nil {
			return err
		}
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		return talk(conn)
	})
}

// withWebEcho is withServer for a client whose handshake is done. The maps that it returns have all of both streams.
func withWebEcho(ctx context.Context, srv *server.Server, talk func(*webEcho) error) (*streammap.Maps, error) {
	w := &webEcho{}
	srv.Recorder = w
	err := withServer(ctx, srv, func(tcp *net.TCPConn) error {
		conn, key := event.Wrap(tcp, w, 1, event.Client), websocket.NewKey()
		request, err := ask(conn, key, w)
		if err != nil {
			return err
		}
		response, err := answered(conn, key, w)
		if err != nil {
			return err
		}
		w.webEnd = newWebEnd(conn, event.Client, w, response, request)
		return talk(w)
	})
	return &w.maps, err
}
