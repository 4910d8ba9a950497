package lab

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"echolab/internal/event"
	"echolab/internal/firstbytes"
	"echolab/internal/server"
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

// contrastWays make writes of the messages, which may be framed. Neither messages nor frames fit the last one's cuts.
var contrastWays = []struct {
	how    string
	writes func(messages [][]byte) [][]byte
}{
	{"A write for each message", func(messages [][]byte) [][]byte { return messages }},
	{"All messages glued into one write", func(messages [][]byte) [][]byte { return [][]byte{join(messages)} }},
	{"Cut into writes of 4 bytes", func(messages [][]byte) [][]byte { return slices.Collect(slices.Chunk(join(messages), 4)) }},
}

// RunContrast sends three messages to one port of the lab's server: in each way once as they are, and once as gobwas/ws
// frames them. Each write is read before the next is made, so both receivers read what was written, piece by piece.
func RunContrast(ctx context.Context) (f Contrast, err error) {
	defer caught(&err)
	for _, msg := range Samples() {
		f.Sent = append(f.Sent, string(msg))
	}
	p := &contrastPort{got: make(chan []string, 1)}
	srv := &server.Server{Recorder: &p.maps, Web: &server.Web{Protocols: []server.Custom{
		{Name: "gobwas/ws", Starts: firstbytes.IsRequest, Serve: p.readWebSocket},
		{Name: "reads", Starts: isNoRequest, Serve: p.readRaw},
	}}}
	serving(ctx, srv, func(addr string) {
		for _, way := range contrastWays {
			f.Ways = append(f.Ways, ContrastWay{way.how, p.raw(ctx, addr, way.writes), p.webSocket(ctx, addr, way.writes)})
		}
	})
	return f, nil
}

// A contrastPort is what becomes of the server's connections, one after the other.
type contrastPort struct {
	maps streammap.Maps
	conn int           // the number of the connection
	got  chan []string // what its receiver was handed, when the stream has ended
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

// dial connects as the next client.
func (p *contrastPort) dial(ctx context.Context, addr string) *end {
	p.conn++
	return newEnd(ctx, dial(ctx, addr), &p.maps, p.conn, event.Client)
}

// raw sends the messages as they are.
func (p *contrastPort) raw(ctx context.Context, addr string, cut func([][]byte) [][]byte) Handed {
	c := p.dial(ctx, addr)
	defer c.Close()
	messages := Samples()
	for _, msg := range messages {
		c.note(len(msg))
	}
	return p.send(ctx, c, "raw TCP", cut(messages))
}

// webSocket lets gobwas/ws do the handshake and frame the messages.
func (p *contrastPort) webSocket(ctx context.Context, addr string, cut func([][]byte) [][]byte) Handed {
	c := p.dial(ctx, addr)
	defer c.Close()
	dialer := ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) { return c, nil }}
	_, _, _, err := dialer.Dial(ctx, "ws://"+addr)
	check(err)
	c.upgraded(c.in().Size(), c.out().Size())
	messages := Samples()
	for i, msg := range messages {
		var framed bytes.Buffer // wsutil makes two writes, of a header and of a payload
		check(wsutil.WriteClientMessage(&framed, ws.OpText, msg))
		messages[i] = framed.Bytes()
		c.noteFrame(messages[i], msg)
	}
	return p.send(ctx, c, "WebSocket", cut(messages))
}

// send makes the writes, each when the one before was read, and returns what the receiver got.
func (p *contrastPort) send(ctx context.Context, c *end, name string, writes [][]byte) (h Handed) {
	for _, b := range writes {
		c.write(b)
		c.awaitRead(ctx)
	}
	check(c.CloseWrite())
	h.Got = await(ctx, p.got)
	h.stream = c.out()
	h.stream.Title = name + ": " + h.stream.Title
	h.Bytes, h.Writes = int(h.stream.Size()-h.stream.Start), h.stream.Row(streammap.Writes).Count
	ends := h.stream.Row(streammap.Reads).Boundaries(h.stream.Start, h.stream.Size())
	for i := range len(ends) - 1 {
		h.Reads = append(h.Reads, int(ends[i+1]-ends[i]))
	}
	return h
}

func (f Contrast) Report() Report {
	r := Report{Steps: []string{fmt.Sprintf("%s were sent to one port, each write read before the next was made. What each "+
		"Read of the raw connection returned, and each wsutil.ReadClientMessage of the WebSocket:",
		text.Count(len(f.Sent), "message", "messages"))}}
	for i, way := range f.Ways {
		r.Steps = append(r.Steps, way.How+":"+way.Raw.row("raw TCP")+way.WebSocket.row("gobwas/ws"))
		r.Maps = []*streammap.Map{way.Raw.stream, way.WebSocket.stream}
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
