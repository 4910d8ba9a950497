package lab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"echolab/internal/event"
	"echolab/internal/server"
	"echolab/internal/sock"
	"echolab/internal/streammap"
	"echolab/internal/text"
	"echolab/internal/websocket"
)

// Glued is what became of two messages, the first of which came in one write with the handshake.
type Glued struct {
	Sent []string `json:"sent"`

	// The server speaks first, right after its 101.
	Dropped []string `json:"dropped"` // got by a client that ignored the reader that ws.Dial returned
	Lost    int      `json:"lost"`    // bytes that were in the reader
	Kept    []string `json:"kept"`    // got by one that read on through the reader
	Torn    string   `json:"torn"`    // the error of the first, when the reader had a part of a frame

	// The client does not wait for the 101.
	Upgrader []string `json:"upgrader"` // what a server got from the connection, after gobwas/ws had read the request
	Echo     []string `json:"echo"`     // what the lab's server sent back

	stream *streammap.Map
}

// RunGlued sends the first message together with the 101, to three clients, and with the request, to two servers.
func RunGlued(ctx context.Context) (f Glued, err error) {
	f.Sent = []string{"first", "second"}
	a, err := gluedAnswer(ctx, f.Sent, false)
	if err != nil {
		return f, err
	}
	f.Dropped, f.Lost, f.stream = a.got, a.buffered, a.stream
	if a, err = gluedAnswer(ctx, f.Sent, true); err != nil {
		return f, err
	}
	f.Kept = a.got
	long := strings.Repeat(f.Sent[0], 1000) // more than a bufio.Reader has room for
	if a, err = gluedAnswer(ctx, []string{long, f.Sent[1]}, false); err != nil {
		return f, err
	}
	f.Torn = errText(a.err)
	if f.Upgrader, err = gluedRequest(ctx, f.Sent); err != nil {
		return f, err
	}
	f.Echo, err = gluedEcho(ctx, f.Sent)
	return f, err
}

// An answer is what a client made of a 101 and messages.
type answer struct {
	got      []string
	err      error // that ended them, unless it was a Close
	buffered int   // bytes after the 101 that its reader had
	stream   *streammap.Map
}

// gluedAnswer sends the first message with the 101, and the second when the client has its WebSocket; then a Close. The
// client dials with gobwas/ws, which returns what came with the 101 in a reader: keep says whether the client looks.
func gluedAnswer(ctx context.Context, messages []string, keep bool) (a answer, err error) {
	p, err := newPair(ctx)
	if err != nil {
		return a, err
	}
	defer p.close()
	arrived := make(chan struct{})
	arrive := sync.OnceFunc(func() { close(arrived) })
	defer arrive() // the dial must not wait for what fails here
	var ahead *bufio.Reader
	dialed := make(chan error, 1)
	go func() {
		dialer := ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) {
			return &late{p.fromClient, arrived}, nil
		}}
		var err error
		_, ahead, _, err = dialer.Dial(ctx, "ws://"+p.server.LocalAddr().String())
		dialed <- err
	}()

	var glued bytes.Buffer
	if _, err := ws.Upgrade(readWriter{p.atServer, &glued}); err != nil {
		return a, err
	}
	request := p.upgraded(event.ClientToServer, int(p.stream().Size()))
	response := p.upgraded(event.ServerToClient, glued.Len())
	server := newWebEnd(p.atServer, event.Server, &p.maps, request, 0)
	if err := wsutil.WriteServerText(&glued, []byte(messages[0])); err != nil {
		return a, err
	}
	server.note(int64(response), glued.Len()-response)
	size := glued.Len()
	if err := server.write(glued.Bytes()); err != nil {
		return a, err
	}
	if err := sock.AwaitUnread(ctx, p.client, size); err != nil {
		return a, err
	}
	arrive()
	if err := <-dialed; err != nil {
		return a, err
	}
	if ahead == nil {
		return a, errors.New("nothing came with the 101")
	}
	a.buffered = ahead.Buffered()
	client := newWebEnd(through{p.fromClient, ahead}, event.Client, &p.maps, response, request)
	if !keep {
		client = newWebEnd(p.fromClient, event.Client, &p.maps, response+a.buffered, request)
	}

	second := server.frame(ws.OpText, true, messages[1])
	if err := server.writeMessage(second); err != nil {
		return a, err
	}
	if err := server.write(server.closeFrame(1000, "")); err != nil {
		return a, err
	}
	a.got, a.err = client.untilClose()
	a.stream = p.maps.Map(1, event.ServerToClient)
	return a, nil
}

// upgraded notes that so many bytes of a stream are its half of the handshake, and returns their number.
func (p *pair) upgraded(dir event.Dir, n int) int {
	p.maps.Record(event.Event{Ev: event.Upgrade, Conn: 1, Dir: dir, Span: &event.Span{N: n}})
	return n
}

// A late connection is not read before something has happened.
type late struct {
	net.Conn
	happened <-chan struct{}
}

func (l *late) Read(b []byte) (int, error) {
	<-l.happened
	return l.Conn.Read(b)
}

// through is a connection that is read through what has read ahead of it.
type through struct {
	net.Conn
	r io.Reader
}

func (t through) Read(b []byte) (int, error) { return t.r.Read(b) }

// untilClose returns the messages in front of the Close, or of an error.
func (e *webEnd) untilClose() (got []string, err error) {
	for {
		f, err := e.next()
		switch {
		case err != nil:
			return got, err
		case ws.OpCode(f.Opcode) == ws.OpClose:
			return got, nil
		case f.Fin && !ws.OpCode(f.Opcode).IsControl():
			got = append(got, string(e.message))
		}
	}
}

// gluedRequest sends the first message with the request, to a server that lets gobwas/ws read the request from the
// connection, and then reads frames from the connection itself.
func gluedRequest(ctx context.Context, messages []string) ([]string, error) {
	p, err := newPair(ctx)
	if err != nil {
		return nil, err
	}
	defer p.close()
	key := websocket.NewKey()
	glued := gluedBytes(p.client, key, messages[0])
	if _, err := p.client.Write(glued); err != nil {
		return nil, err
	}
	if err := sock.AwaitUnread(ctx, p.server, len(glued)); err != nil {
		return nil, err
	}
	if _, err := (ws.Upgrader{}).Upgrade(p.server); err != nil {
		return nil, err
	}
	if _, err := answered(p.client, key, &p.maps); err != nil {
		return nil, err
	}
	client := newWebEnd(p.client, event.Client, &p.maps, 0, 0)
	if err := client.write(client.frame(ws.OpText, true, messages[1])); err != nil {
		return nil, err
	}
	if err := client.write(client.closeFrame(1000, "")); err != nil {
		return nil, err
	}
	return untilClose(p.server)
}

// untilClose lets gobwas/ws read a server's messages, up to the Close.
func untilClose(r io.Reader) (got []string, err error) {
	for {
		messages, err := wsutil.ReadClientMessage(r, nil)
		if err != nil {
			return got, err
		}
		for _, m := range messages {
			if m.OpCode == ws.OpClose {
				return got, nil
			}
			got = append(got, string(m.Payload))
		}
	}
}

// gluedEcho is the same with the lab's server; it returns what comes back.
func gluedEcho(ctx context.Context, messages []string) (got []string, err error) {
	err = withServer(ctx, &server.Server{}, func(tcp *net.TCPConn) error {
		var maps streammap.Maps
		key := websocket.NewKey()
		if _, err := tcp.Write(gluedBytes(tcp, key, messages[0])); err != nil {
			return err
		}
		if _, err := answered(tcp, key, &maps); err != nil {
			return err
		}
		client := newWebEnd(tcp, event.Client, &maps, 0, 0)
		if err := client.write(client.frame(ws.OpText, true, messages[1])); err != nil {
			return err
		}
		if err := client.write(client.closeFrame(1000, "")); err != nil {
			return err
		}
		got, err = client.untilClose()
		return err
	})
	return got, err
}

// gluedBytes is a request with a frame right after it.
func gluedBytes(tcp *net.TCPConn, key, message string) []byte {
	client := newWebEnd(tcp, event.Client, nil, 0, 0)
	return append(websocket.Request(tcp.RemoteAddr().String(), "/ws", key, ""), client.frame(ws.OpText, true, message)...)
}

func (f Glued) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("The server sent its 101 and the message %q in one write, then %q.", f.Sent[0], f.Sent[1]),
			fmt.Sprintf("ws.Dial of gobwas/ws returned a connection, and a reader with %s that it had read ahead. A client "+
				"that ignored the reader got %s, and no error.", text.Bytes(int64(f.Lost)), quoted(f.Dropped, text.Width)),
			fmt.Sprintf("The same with a long first message, of which only the beginning was in the reader: %s.", f.Torn),
			fmt.Sprintf("A client that read on through the reader got %s.", quoted(f.Kept, text.Width)),
			fmt.Sprintf("The other way round, the first message in one write with the request: after ws.Upgrade, which reads "+
				"ahead too and returns no reader, a server got %s. The lab's server got %s.",
				quoted(f.Upgrader, text.Width), quoted(f.Echo, text.Width)),
		},
		Maps: []*streammap.Map{f.stream},
		Answer: "Because whoever read the handshake has read ahead. The end of the 101 is no boundary to TCP: the first " +
			"frame may arrive with it, whole or in part, whenever the server speaks first. Whatever read the " +
			"handshake must be read through for good. (A client must wait for the 101 before it sends: RFC 6455, 4.1. " +
			"Not all do.)",
	}
	r.expect(len(f.Sent) == 2 && slices.Equal(f.Dropped, f.Sent[1:]) && f.Lost > 0, "the client that threw its "+
		"reader away lost nothing")
	r.expect(slices.Equal(f.Kept, f.Sent), "the client that read on through its reader lost something")
	r.expect(f.Torn != "", "half a frame went unnoticed")
	r.expect(len(f.Upgrader) == 1, "the server that read past its upgrader lost nothing")
	r.expect(slices.Equal(f.Echo, f.Sent), "the lab's server lost something")
	return r
}
