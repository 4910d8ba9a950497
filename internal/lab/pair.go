package lab

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"slices"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/sock"
	"echolab/internal/streammap"
	"echolab/internal/websocket"
)

// An end is one end of a TCP connection in an experiment's hands. Its reads and writes are rows of the stream maps, the
// kernel can be asked about its socket, and it is closed when the experiment's context ends: nothing waits for longer.
// One goroutine may read while another writes.
type end struct {
	*event.Conn
	side event.Side
	id   int // of the connection, on the maps
	maps *streammap.Maps
	r    *bufio.Reader // reads what is to be made messages or frames of
	stop func() bool

	// Of a WebSocket, once its handshake is over.
	parser   websocket.Parser
	messages websocket.Assembler
	at       int64  // the offset of what is to be parsed next
	from     int64  // the offset of the first frame of the message that is on its way
	message  string // the last one that came whole
}

func newEnd(ctx context.Context, c net.Conn, maps *streammap.Maps, id int, side event.Side) *end {
	e := &end{Conn: event.Wrap(c, maps, id, side).(*event.Conn), side: side, id: id, maps: maps}
	e.r = bufio.NewReader(e)
	e.stop = context.AfterFunc(ctx, func() { c.Close() })
	e.messages.Max = 1 << 20
	if side == event.Client {
		e.parser.Side = framing.ClientSide
	}
	return e
}

func (e *end) Close() error {
	e.stop()
	return e.Conn.Close()
}

// out is the map of the stream that this end writes, as it is now; in is that of the stream that it reads.
func (e *end) out() *streammap.Map { return e.maps.Map(e.id, e.side.Out()) }
func (e *end) in() *streammap.Map  { return e.maps.Map(e.id, e.side.In()) }

func (e *end) record(ev event.Event) {
	ev.At, ev.Conn = e.side, e.id
	e.maps.Record(ev)
}

// write writes all of b with one write.
func (e *end) write(b []byte) { must(e.Write(b)) }

// send writes every message with a write of its own, and notes where it lies in the stream.
func (e *end) send(messages ...[]byte) {
	for _, msg := range messages {
		e.note(len(msg))
		e.write(msg)
	}
}

// note records that n bytes of what this end writes, from the end of the last message on, are one message.
func (e *end) note(n int) {
	e.record(event.Event{Ev: event.Message, Dir: e.side.Out(), Span: &event.Span{Off: e.out().Row(streammap.Sent).End, N: n}})
}

// noteFrame records that what this end writes next is a frame of gobwas/ws, and the message in it. So the map shows the
// message, and not what its mask makes of it.
func (e *end) noteFrame(frame, msg []byte) {
	h, at := must(ws.ReadHeader(bytes.NewReader(frame))), e.out().Row(streammap.Sent).End
	e.note(len(frame))
	e.record(event.FrameEvent(e.side.Out(), at, ws.HeaderSize(h), h, msg))
}

// received records that this end has made a message of all that r has returned since the last.
func (e *end) received(r *bufio.Reader) {
	in := e.in()
	from := in.Row(streammap.Received).End
	n := int(in.Row(streammap.Reads).End-from) - r.Buffered()
	e.record(event.Event{Ev: event.Message, Dir: e.side.In(), Span: &event.Span{Off: from, N: n}})
}

// receive reads messages until the stream ends.
func (e *end) receive(codec framing.Codec) (got []string) {
	for {
		msg, err := codec.Read(e.r, 1024)
		if err != nil {
			check(unlessEOF(err))
			return got
		}
		got = append(got, string(msg))
		e.received(e.r)
	}
}

// readAll reads until total bytes have come, at most size with each read, and returns what each read brought.
func (e *end) readAll(total, size int) (reads [][]byte) {
	for got := 0; got < total; {
		b := make([]byte, size)
		n := must(e.Read(b))
		reads = append(reads, b[:n])
		got += n
	}
	return reads
}

// toEnd reads until the stream ends.
func (e *end) toEnd() string { return string(must(io.ReadAll(e))) }

// awaitRead waits until reads of the other end have returned all that this one wrote: what it writes next comes with
// another read.
func (e *end) awaitRead(ctx context.Context) {
	check(sock.Await(ctx, func() (bool, error) {
		m := e.out()
		return m.Row(streammap.Reads).End >= m.Row(streammap.Writes).End, nil
	}))
}

// A pair is both ends of one TCP connection over loopback.
type pair struct {
	client, server *end
	maps           streammap.Maps
}

func newPair(ctx context.Context) *pair {
	ln := listen(ctx)
	defer ln.Close()
	p := new(pair)
	p.client = newEnd(ctx, dial(ctx, ln.Addr().String()), &p.maps, 1, event.Client)
	p.server = newEnd(ctx, must(ln.Accept()), &p.maps, 1, event.Server)
	return p
}

func (p *pair) close() {
	p.client.Close()
	p.server.Close()
}

// listen returns a listener on a free port of loopback, whose Accept fails when ctx ends.
func listen(ctx context.Context) *net.TCPListener {
	var config net.ListenConfig
	ln := must(config.Listen(ctx, "tcp", "127.0.0.1:0")).(*net.TCPListener)
	context.AfterFunc(ctx, func() { ln.Close() })
	return ln
}

func dial(ctx context.Context, addr string) net.Conn {
	var dialer net.Dialer
	return must(dialer.DialContext(ctx, "tcp", addr))
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
func join(messages [][]byte) []byte { return slices.Concat(messages...) }
