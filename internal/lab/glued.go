package lab

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/gobwas/ws"

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
	Dropped []string `json:"dropped"` // got by a client that read the 101 through a bufio.Reader, then the connection
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

// gluedAnswer sends the first message with the 101, and the second when the client has read that; then a Close.
func gluedAnswer(ctx context.Context, messages []string, keep bool) (a answer, err error) {
	p, err := newPair(ctx)
	if err != nil {
		return a, err
	}
	defer p.close()
	request, err := ask(p.fromClient, websocket.NewKey(), &p.maps)
	if err != nil {
		return a, err
	}
	asked, err := http.ReadRequest(bufio.NewReader(p.atServer))
	if err != nil {
		return a, err
	}
	response := websocket.Response(asked.Header.Get("Sec-Websocket-Key"), "")
	p.maps.Record(handshake(event.Response, event.ServerToClient, response))
	server := newWebEnd(p.atServer, event.Server, &p.maps, request, 0)
	first := server.frame(ws.OpText, true, messages[0])
	server.note(int64(len(response)), len(first))
	if err := server.write(slices.Concat(response, first)); err != nil {
		return a, err
	}

	if err := sock.AwaitUnread(ctx, p.client, len(response)+len(first)); err != nil {
		return a, err
	}
	r := bufio.NewReader(p.fromClient)
	if _, err := http.ReadResponse(r, nil); err != nil {
		return a, err
	}
	a.buffered = r.Buffered()
	client := newWebEnd(through{p.fromClient, r}, event.Client, &p.maps, len(response), request)
	if !keep {
		client = newWebEnd(p.fromClient, event.Client, &p.maps, len(response)+a.buffered, request)
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
	return newWebEnd(p.server, event.Server, &p.maps, 0, 0).untilClose()
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
			fmt.Sprintf("A client read the 101 through a bufio.Reader, and the frames from the connection: it got %q, and "+
				"no error. %s were in the reader.", f.Dropped, text.Bytes(int64(f.Lost))),
			fmt.Sprintf("With a first message of 5,000 bytes, of which the reader had the beginning: %s.", f.Torn),
			fmt.Sprintf("A client that read on through the reader got %q.", f.Kept),
			fmt.Sprintf("The other way round, the first message in one write with the request: a server that let "+
				"ws.Upgrader of gobwas/ws read the request from the connection got %q. The lab's server got "+
				"%q.", f.Upgrader, f.Echo),
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
