// Package client is the client's side of an exchange: it sends messages, reads their echo, and says what became of
// their boundaries. It may know frames, events and sockets. It must not know the server, and treats its answers as
// hostile input.
package client

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"iter"
	"math"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/streammap"
)

// The defaults of a Client's limits. DefaultTimeout is how long it waits for a connection, and for anything to move on it.
const (
	DefaultReadBuffer = 64 << 10
	DefaultMaxMessage = 1 << 20
	DefaultTimeout    = 10 * time.Second
)

// GlueLimit is the most that a Client keeps in memory to send it with one write.
const GlueLimit = 16 << 20

// patient is how many bytes a Client sends at most before it reads. The echo of that much has room in the kernels'
// queues, and what one read then returns is no luck. With more than that, two programs that both only write would wait
// for each other forever.
const patient = 16 << 10

// A Client sends messages to an echo server, each as soon as its input yields it, ends its side, and holds what comes
// back against what it sent, byte by byte, in memory that does not grow with the input. The zero value sends raw bytes, a
// message a write.
//
// The Timeout runs while the server owes something: an echo, a Pong, its part of the closing handshake, or room for what
// is to be sent. Only progress of that puts it off, and not a Ping, a Pong that nobody asked for or an empty frame. It does
// not run while the Client waits for its input.
//
// With NoEcho nothing is owed. The server may end the connection when it wants to; if it does not, the Client does, once its
// input has ended and nothing has come for the Timeout.
//
// It reads while it sends, and answers every Ping at once. Unless it is Live, it leaves the echo of up to 16 KiB in its
// kernel's queue until all of that is there, so that it is no luck how many reads there are.
type Client struct {
	Codec      framing.Codec  // how messages are marked; nil is framing.Raw
	Frames     *Frames        // speaks WebSocket, in the Codec's place; nil for none
	TLS        *tls.Config    // speaks all that inside TLS; nil for none. An empty ServerName is the address's host
	Chunk      int            // bytes in one write; 0 for one write a message
	Glue       bool           // everything in one write: GlueLimit bytes at most
	Live       bool           // the input comes with time, from a pipe or a terminal: read each echo when it comes
	NoEcho     bool           // the server does not echo: what it sends is told, and compared with nothing
	Delay      time.Duration  // between two messages; what comes meanwhile is read when it comes
	Nagle      bool           // TCP_NODELAY off
	ReadBuffer int            // the most bytes that one read takes; 64 KiB if 0
	MaxMessage int            // the most bytes of a message; 1 MiB if 0
	Timeout    time.Duration  // 10 seconds if 0; see below
	Recorder   event.Recorder // takes the account

	// Progress, if set, is called now and then with the bytes of echo that have come.
	Progress func(received int64)
}

// Result is what a Client did and saw. Of a WebSocket, writes, reads and bytes are those between the two handshakes: after
// the opening one, and before the Close.
type Result struct {
	OK               bool   `json:"ok"`                // everything came back as it was sent
	NoEcho           bool   `json:"no_echo,omitempty"` // nothing was compared
	MessagesSent     int    `json:"messages_sent"`
	MessagesReceived int    `json:"messages_received"` // of the raw codec: reads
	Writes           int    `json:"writes"`
	Reads            int    `json:"reads"`
	BytesSent        int64  `json:"bytes_sent"`
	BytesReceived    int64  `json:"bytes_received"`
	*FramesResult           // of a WebSocket whose handshake succeeded
	Error            string `json:"error,omitempty"`

	Sent   *streammap.Map `json:"-"` // the stream to the server
	Echoed *streammap.Map `json:"-"` // the stream back, its messages as they were sent
}

// Run connects to addr, sends the messages and reads their echo. The Result counts what was done also if there is an
// error. A message that the sequence yields need only be valid until the next.
func (c Client) Run(ctx context.Context, addr string, messages iter.Seq2[[]byte, error]) (Result, error) {
	switch {
	case c.Frames != nil:
		c.Codec = framing.WebSocket{Side: framing.ClientSide}
	case c.Codec == nil:
		c.Codec = framing.Raw{}
	}
	c.ReadBuffer = cmp.Or(c.ReadBuffer, DefaultReadBuffer)
	c.MaxMessage = cmp.Or(c.MaxMessage, DefaultMaxMessage)
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)

	conn, err := Dial(ctx, addr, c.Timeout, !c.Nagle, c.Recorder)
	if err != nil {
		return Result{Error: err.Error()}, err
	}
	defer conn.Close()
	x := newExchange(ctx, c, conn)
	// The end of ctx interrupts whatever the connection waits for.
	defer context.AfterFunc(ctx, func() {
		conn.SetDeadline(time.Unix(1, 0))
		close(x.cut)
	})()

	if err = x.open(addr); err == nil {
		err = x.run(messages)
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if x.ws != nil {
		x.leave(err)
	}
	err = inOneLine(err)
	x.rec.shut()
	return x.result(err), err
}

// An exchange is one run of a Client. One goroutine sends, one receives. They share the queue of what was not echoed yet and, of a
// WebSocket, the right to write: the receiver has Pings to answer.
type exchange struct {
	Client
	ctx      context.Context // of Run, for both goroutines
	tcp      *net.TCPConn
	tls      *tls.Conn // around tcp; nil without TLS
	conn     net.Conn  // tcp or tls, with its reads and writes recorded
	maps     *streammap.Maps
	rec      *gate
	cut      chan struct{} // closed when the end of ctx has interrupted the connection
	over     chan struct{} // closed when the sender is let go
	unechoed *unechoed
	moved    atomic.Int64 // when the server last did something of what it owes, in nanoseconds since 1970
	out      sender
	in       receiver
	ws       *webSocket // nil unless the handshake succeeded
}

func newExchange(ctx context.Context, c Client, tcp *net.TCPConn) *exchange {
	x := &exchange{Client: c, ctx: ctx, tcp: tcp, maps: new(streammap.Maps), cut: make(chan struct{}), over: make(chan struct{})}
	x.rec = &gate{rec: event.Tee(x.maps, c.Recorder)}
	x.conn = event.Wrap(tcp, x.rec, 0, event.Client)
	x.in.r = bufio.NewReaderSize(inlet{x}, c.ReadBuffer)
	// Room for what both ends may hold back, so that the sender never waits for the echo of what it has not sent yet.
	// Twice, see queue.size.
	room := sum(4<<20, c.Chunk, c.Chunk, c.MaxMessage)
	if c.Glue {
		room = 2 * GlueLimit
	}
	x.unechoed = newUnechoed(room, !x.raw())
	x.progressed()
	return x
}

// sum adds numbers from 0 up, and stops at the largest int.
func sum(numbers ...int) int {
	total := 0
	for _, n := range numbers {
		total += min(n, math.MaxInt-total)
	}
	return total
}

// raw says whether bytes are sent: there are no messages in what comes back.
func (x *exchange) raw() bool { return !framing.Marks(x.Codec) }

// run sends and receives at once.
func (x *exchange) run(messages iter.Seq2[[]byte, error]) error {
	sent := make(chan error, 1)
	x.out.busy.Lock()
	go func() {
		defer x.out.busy.Unlock()
		err := x.send(x.out.letGo(x.paced(messages)))
		x.out.done.Store(true)
		sent <- err
	}()
	received := x.awaitEcho()
	if received == nil {
		received = x.receive()
	}
	if received == nil && (x.unechoed.ended() || !x.NoEcho) {
		err := <-sent
		if x.NoEcho && errors.Is(err, errSilenced) {
			return nil // the server has closed, and may
		}
		return err
	}
	// The sender says that it has ended before it ends our side, which the server may answer with its end: whose error
	// is told does not depend on who is first. A sender that has not ended may be waiting for its input, and that
	// cannot be interrupted.
	if x.unechoed.ended() && !x.in.wrong {
		if err := <-sent; err != nil && !(isReset(err) && isClose(received)) {
			return err // the echo is short because of it
		}
	}
	// The sender is let go when it can write no more: else it would go on without the limit of what may be unechoed.
	if x.ws == nil {
		x.tcp.Close()
	} else {
		x.silence() // the connection is still good for a Close
	}
	x.unechoed.abandon()
	close(x.over)
	x.out.busy.Lock() // so that what it was at is told before the result
	defer x.out.busy.Unlock()
	return received
}

// result is the account's last word.
func (x *exchange) result(err error) Result {
	r := Result{
		OK: err == nil, NoEcho: x.NoEcho, MessagesSent: int(x.out.messages.Load()), MessagesReceived: x.in.messages,
		Sent: x.maps.Map(0, event.ClientToServer), Echoed: x.maps.Map(0, event.ServerToClient),
	}
	writes, reads := r.Sent.Row(streammap.Writes), r.Echoed.Row(streammap.Reads)
	r.Writes, r.BytesSent = writes.Count, writes.End-r.Sent.Start
	r.Reads, r.BytesReceived = reads.Count, reads.End-r.Echoed.Start
	switch {
	case errors.Is(err, context.Canceled):
		r.Error = "interrupted"
	case err != nil:
		r.Error = err.Error()
	}
	if x.ws != nil {
		r.FramesResult = x.ws.result(&r)
		if b := x.ws.before; b != nil {
			r.Writes, r.BytesSent, r.Reads, r.BytesReceived = b.writes, b.sent, b.reads, b.read
		}
		return r
	}
	if x.NoEcho || x.in.foreign {
		return r
	}
	// The echo has the sender's framing: its messages lie where they lay on the way out.
	r.Echoed.Rows = slices.Insert(r.Echoed.Rows, 0, r.Sent.Row(streammap.Sent))
	return r
}

func (x *exchange) tell(e event.Event) {
	e.Time, e.At = time.Now(), event.Client
	x.rec.Record(e)
}
