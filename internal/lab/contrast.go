package lab

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"echolab/internal/event"
	"echolab/internal/firstbytes"
	"echolab/internal/server"
	"echolab/internal/sock"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Contrast is what two receivers on one port were handed of the same three messages: one that reads the stream itself,
// and one that lets gobwas/ws read it.
type Contrast struct {
	Sent []string      `json:"sent"`
	Ways []ContrastWay `json:"ways"`
}

// A ContrastWay is one way of writing the messages.
type ContrastWay struct {
	How       string `json:"how"`
	Raw       Handed `json:"raw"`
	WebSocket Handed `json:"websocket"`
}

// Handed is what one receiver got. Of a WebSocket, only what comes after the handshake counts.
type Handed struct {
	Bytes  int      `json:"bytes"`  // of the stream, framing included
	Writes int      `json:"writes"` // that carried it
	Reads  []int    `json:"reads"`  // bytes that each read of the socket returned
	Got    []string `json:"got"`    // what the program was handed: by each Read, or by wsutil

	stream *streammap.Map
}

// contrastCut is the size of the pieces that a stream is cut into: neither messages nor frames fit it.
const contrastCut = 4

// contrastWays make writes of the messages, which may be framed.
var contrastWays = []struct {
	how    string
	writes func(messages [][]byte) [][]byte
}{
	{"A write for each message", func(messages [][]byte) [][]byte { return messages }},
	{"All messages glued into one write", func(messages [][]byte) [][]byte { return [][]byte{join(messages)} }},
	{fmt.Sprintf("Cut into writes of %d bytes", contrastCut), func(messages [][]byte) [][]byte {
		return slices.Collect(slices.Chunk(join(messages), contrastCut))
	}},
}

// RunContrast sends three messages to one port of the lab's server: in each way once as they are, and once as gobwas/ws
// frames them. Each write is read before the next is made, so both receivers read what was written, piece by piece.
func RunContrast(ctx context.Context) (f Contrast, err error) {
	for _, msg := range Samples() {
		f.Sent = append(f.Sent, string(msg))
	}
	p := &contrastPort{got: make(chan []string, 1)}
	srv := &server.Server{Recorder: p, Web: &server.Web{Protocols: []server.Custom{
		{Name: "gobwas/ws", Starts: firstbytes.IsRequest, Serve: p.readWebSocket},
		{Name: "reads", Starts: isNoRequest, Serve: p.readRaw},
	}}}
	err = serving(ctx, srv, func(addr string) error {
		for _, way := range contrastWays {
			raw, err := p.send(ctx, addr, way.writes, false)
			if err != nil {
				return fmt.Errorf("%s, raw: %w", way.how, err)
			}
			web, err := p.send(ctx, addr, way.writes, true)
			if err != nil {
				return fmt.Errorf("%s, as a WebSocket: %w", way.how, err)
			}
			f.Ways = append(f.Ways, ContrastWay{way.how, raw, web})
		}
		return nil
	})
	return f, err
}

// A contrastPort is what the lab's server tells of its connections, one after the other, and what it hands them to.
type contrastPort struct {
	maps streammap.Maps
	conn int           // the number of the connection
	got  chan []string // what its receiver was handed, when the stream has ended

	mu    sync.Mutex
	reads []event.Span // of the server's, on this connection
}

// Record draws the maps, and notes the server's reads.
func (p *contrastPort) Record(e event.Event) {
	p.maps.Record(e)
	if e.Ev == event.Read && e.At == event.Server {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.reads = append(p.reads, *e.Span)
	}
}

// isNoRequest says whether b begins anything but an HTTP request, or may with more bytes.
func isNoRequest(b []byte) (is, more bool) {
	request, more := firstbytes.IsRequest(b)
	return !request && !more, more
}

// readRaw takes each Read for a message.
func (p *contrastPort) readRaw(_ context.Context, conn net.Conn) error {
	var got []string
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			p.got <- got
			return unlessEOF(err)
		}
		got = append(got, string(buf[:n]))
	}
}

// readWebSocket lets gobwas/ws do the handshake and read the messages.
func (p *contrastPort) readWebSocket(_ context.Context, conn net.Conn) error {
	var got []string
	_, err := ws.Upgrade(conn)
	for r := bufio.NewReader(conn); err == nil; {
		var messages []wsutil.Message
		messages, err = wsutil.ReadClientMessage(r, nil)
		for _, m := range messages {
			got = append(got, string(m.Payload))
		}
	}
	p.got <- got
	return unlessEOF(err)
}

// dial connects. A WebSocket's handshake is over then, and its length noted on the map.
func (p *contrastPort) dial(ctx context.Context, addr string, web bool) (*event.Conn, error) {
	var tcp *event.Conn
	dialer := ws.Dialer{NetDial: func(ctx context.Context, _, addr string) (net.Conn, error) {
		c, err := dial(ctx, addr)
		if err != nil {
			return nil, err
		}
		tcp = event.Wrap(c, p, p.conn, event.Client).(*event.Conn)
		return tcp, nil
	}}
	if !web {
		_, err := dialer.NetDial(ctx, "tcp", addr)
		return tcp, err
	}
	_, early, _, err := dialer.Dial(ctx, "ws://"+addr)
	if err == nil && early != nil {
		err = fmt.Errorf("the server spoke first: %d bytes", early.Buffered())
	}
	request := int(p.stream().Size())
	p.maps.Record(event.Event{Ev: event.Upgrade, Conn: p.conn, Dir: event.ClientToServer, Span: &event.Span{N: request}})
	return tcp, err
}

// send makes the writes of one way, each when the one before was read, and returns what the receiver got.
func (p *contrastPort) send(ctx context.Context, addr string, writes func([][]byte) [][]byte, web bool) (h Handed, err error) {
	p.conn++
	p.mu.Lock()
	p.reads = nil
	p.mu.Unlock()
	conn, err := p.dial(ctx, addr, web)
	if err != nil {
		return h, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	start := p.stream().Size()
	messages := Samples()
	for i, msg := range messages {
		if web {
			var framed bytes.Buffer // wsutil makes two writes, of a header and of a payload
			if err := wsutil.WriteClientMessage(&framed, ws.OpText, msg); err != nil {
				return h, err
			}
			messages[i] = framed.Bytes()
		}
		p.note(start+int64(len(join(messages[:i]))), messages[i], web)
	}
	for _, b := range writes(messages) {
		if _, err := conn.Write(b); err != nil {
			return h, err
		}
		if err := p.awaitRead(ctx); err != nil {
			return h, err
		}
	}
	if err := conn.CloseWrite(); err != nil {
		return h, err
	}
	select {
	case h.Got = <-p.got:
	case <-ctx.Done():
		return h, ctx.Err()
	}
	h.stream = p.stream()
	h.Bytes, h.Writes = int(h.stream.Size()-start), h.stream.Row(streammap.Writes).Count
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, read := range p.reads {
		if read.Off >= start {
			h.Reads = append(h.Reads, read.N)
		}
	}
	return h, nil
}

// stream is the map of what the client writes.
func (p *contrastPort) stream() *streammap.Map { return p.maps.Map(p.conn, event.ClientToServer) }

// awaitRead waits until reads of the server's have returned all that was written.
func (p *contrastPort) awaitRead(ctx context.Context) error {
	written := p.stream().Row(streammap.Writes).End
	return sock.Await(ctx, func() (bool, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.reads) == 0 {
			return false, nil
		}
		last := p.reads[len(p.reads)-1]
		return last.Off+int64(last.N) >= written, nil
	})
}

// note records a message, and the frame that it is in, if it is in one.
func (p *contrastPort) note(offset int64, b []byte, framed bool) {
	e := event.Event{Ev: event.Message, Dir: event.ClientToServer, Span: &event.Span{Off: offset, N: len(b)}}
	e.At, e.Conn = event.Client, p.conn
	p.maps.Record(e)
	if !framed {
		return
	}
	if h, payload, _, err := parseFrame(b); err == nil {
		e = event.FrameEvent(event.ClientToServer, offset, ws.HeaderSize(h), h, payload)
		e.At, e.Conn = event.Client, p.conn
		p.maps.Record(e)
	}
}

func (f Contrast) Report() Report {
	r := Report{Steps: []string{fmt.Sprintf("%s were sent to one port, each write read before the next was made. What each "+
		"Read of the raw connection returned, and each wsutil.ReadClientMessage of the WebSocket:",
		text.Count(len(f.Sent), "message", "messages"))}}
	for i, way := range f.Ways {
		r.Steps = append(r.Steps, way.How+":"+way.Raw.row("raw TCP")+way.WebSocket.row("gobwas/ws"))
		r.Maps = []*streammap.Map{way.Raw.titled("raw TCP"), way.WebSocket.titled("WebSocket")}
		r.expect(slices.Equal(way.WebSocket.Got, f.Sent), way.How+": gobwas/ws did not return the messages")
		r.expect(i == 0 || !slices.Equal(way.Raw.Got, f.Sent), way.How+": raw reads returned the messages")
	}
	r.expect(len(f.Ways) == len(contrastWays), "not every way was tried")
	r.Answer = "TCP delivers bytes, in whatever pieces they arrive: a Read returns one message only by luck, as in the " +
		"first way. The WebSocket's bytes were glued and cut just the same, but every frame says how long it is: gobwas/ws " +
		"waits until all of it is there, and stops where it ends."
	return r
}

// row is what a receiver got, in one line.
func (h Handed) row(name string) string {
	head := fmt.Sprintf("%-11s%2d bytes, %8s  ", name, h.Bytes, text.Count(len(h.Reads), "read", "reads"))
	return "\n" + head + quoted(h.Got, text.Width-len("-  ")-len(head))
}

// titled is the map with a name in front of its title.
func (h Handed) titled(name string) *streammap.Map {
	if h.stream == nil {
		return nil
	}
	m := *h.stream
	m.Title = name + ": " + m.Title
	return &m
}

// quoted is each in quotes, as many as fit so many columns.
func quoted(list []string, columns int) string {
	const more = "..."
	var b strings.Builder
	for i, s := range list {
		q := fmt.Sprintf("%q", s)
		if i < len(list)-1 {
			q += " "
		}
		if text.Columns(b.String()+q)+len(more) > columns {
			return b.String() + more
		}
		b.WriteString(q)
	}
	return b.String()
}
