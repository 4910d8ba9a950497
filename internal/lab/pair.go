package lab

import (
	"context"
	"fmt"
	"io"
	"net"

	"echolab/internal/event"
	"echolab/internal/streammap"
)

// A pair is the two ends of one TCP connection over loopback, with their reads and writes recorded.
type pair struct {
	client, server       *net.TCPConn // for what the kernel says
	fromClient, atServer net.Conn     // the same, recorded
	maps                 streammap.Maps
	stop                 func() bool
}

// newPair connects two sockets. Their reads and writes fail when ctx ends.
func newPair(ctx context.Context) (*pair, error) {
	ln, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	defer ln.Close()
	client, err := dial(ctx, ln.Addr().String())
	if err != nil {
		return nil, err
	}
	server, err := ln.AcceptTCP()
	if err != nil {
		client.Close()
		return nil, err
	}
	p := &pair{client: client, server: server}
	p.fromClient = event.Wrap(client, &p.maps, 1, event.Client)
	p.atServer = event.Wrap(server, &p.maps, 1, event.Server)
	p.stop = context.AfterFunc(ctx, p.closeBoth)
	return p, nil
}

func (p *pair) close() {
	p.stop()
	p.closeBoth()
}

func (p *pair) closeBoth() {
	p.client.Close()
	p.server.Close()
}

// send writes every message with a write of its own, and notes where it lies in the stream.
func (p *pair) send(messages ...[]byte) error {
	for _, msg := range messages {
		p.note(len(msg))
		if _, err := p.fromClient.Write(msg); err != nil {
			return err
		}
	}
	return nil
}

// note records that the client's next n bytes are one message.
func (p *pair) note(n int) {
	sent := p.stream().Row(streammap.Sent)
	p.maps.Record(event.Event{Ev: event.Message, At: event.Client, Conn: 1, Dir: event.ClientToServer,
		Span: &event.Span{Off: sent.End, N: n}})
}

// received records that the server has made a message of n bytes out of the stream.
func (p *pair) received(n int) {
	p.maps.Record(event.Event{Ev: event.Message, At: event.Server, Conn: 1, Dir: event.ClientToServer,
		Span: &event.Span{Off: p.stream().Row(streammap.Received).End, N: n}})
}

// stream is the map of what the client writes.
func (p *pair) stream() *streammap.Map { return p.maps.Map(1, event.ClientToServer) }

// readAll reads from r until total bytes have come, at most size with each read, and returns what each read brought.
func readAll(r io.Reader, total, size int) ([][]byte, error) {
	var reads [][]byte
	buf := make([]byte, size)
	for got := 0; got < total; {
		n, err := r.Read(buf)
		if err != nil {
			return reads, fmt.Errorf("after %d of %d bytes: %w", got, total, err)
		}
		reads = append(reads, append([]byte(nil), buf[:n]...))
		got += n
	}
	return reads, nil
}

// listen returns a listener on a free port of loopback, whose Accept fails when ctx ends.
func listen(ctx context.Context) (*net.TCPListener, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	tcp := ln.(*net.TCPListener)
	if end, ok := ctx.Deadline(); ok {
		err = tcp.SetDeadline(end)
	}
	return tcp, err
}

func dial(ctx context.Context, addr string) (*net.TCPConn, error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// sizes is the length of each.
func sizes(pieces [][]byte) []int {
	n := make([]int, len(pieces))
	for i, p := range pieces {
		n[i] = len(p)
	}
	return n
}

// join puts messages end to end.
func join(messages [][]byte) []byte {
	var all []byte
	for _, msg := range messages {
		all = append(all, msg...)
	}
	return all
}
