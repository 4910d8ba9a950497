package lab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

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
	defer caught(&err)
	f.Sent = []string{"first", "second"}
	dropped, kept := gluedAnswer(ctx, f.Sent, false), gluedAnswer(ctx, f.Sent, true)
	f.Dropped, f.Lost, f.stream, f.Kept = dropped.got, dropped.buffered, dropped.stream, kept.got
	long := strings.Repeat(f.Sent[0], 1000) // more than a bufio.Reader has room for
	f.Torn = errText(gluedAnswer(ctx, []string{long, f.Sent[1]}, false).err)
	f.Upgrader = gluedRequest(ctx, f.Sent)
	f.Echo = gluedEcho(ctx, f.Sent)
	return f, nil
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
func gluedAnswer(ctx context.Context, messages []string, keep bool) (a answer) {
	p := newPair(ctx)
	defer p.close()
	arrived := make(chan struct{})
	var ahead *bufio.Reader
	together(func() {
		dialer := ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) {
			return &late{p.client, arrived}, nil
		}}
		var err error
		_, ahead, _, err = dialer.Dial(ctx, "ws://"+p.server.LocalAddr().String())
		check(err)
	}, func() {
		defer close(arrived) // the dial must not wait for what fails here
		var glued bytes.Buffer
		must(ws.Upgrade(readWriter{p.server, &glued}))
		response := glued.Len()
		p.server.upgraded(p.server.in().Size(), int64(response))
		check(wsutil.WriteServerText(&glued, []byte(messages[0])))
		p.server.note(glued.Len() - response)
		p.server.write(glued.Bytes())
		check(sock.AwaitUnread(ctx, p.client, glued.Len()))
	})
	if ahead == nil {
		check(errors.New("nothing came with the 101"))
	}
	a.buffered = ahead.Buffered()
	p.client.at = p.server.out().Start
	if keep {
		p.client.r = ahead
	} else {
		p.client.at += int64(a.buffered)
	}
	p.server.send(p.server.text(messages[1]))
	p.server.write(p.server.closeFrame(1000))
	a.got, a.err = p.client.untilClose()
	a.stream = p.server.out()
	return a
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

// glue sends a request with the first message right after it, in one write, and returns the key.
func (e *end) glue(message string) (key string, size int) {
	key = websocket.NewKey()
	glued := append(e.request(key), e.text(message)...)
	e.write(glued)
	return key, len(glued)
}

// goOn sends what follows once the WebSocket is there.
func (e *end) goOn(key, message string) {
	e.answered(key)
	e.write(e.text(message))
	e.write(e.closeFrame(1000))
}

// gluedRequest sends the first message with the request, to a server that lets gobwas/ws read the request from the
// connection, and then reads frames from the connection itself.
func gluedRequest(ctx context.Context, messages []string) (got []string) {
	p := newPair(ctx)
	defer p.close()
	key, size := p.client.glue(messages[0])
	check(sock.AwaitUnread(ctx, p.server, size))
	must(ws.Upgrade(p.server))
	p.client.goOn(key, messages[1])
	got, err := p.server.untilClose()
	check(err)
	return got
}

// gluedEcho is the same with the lab's server; it returns what comes back.
func gluedEcho(ctx context.Context, messages []string) (got []string) {
	withServer(ctx, &server.Server{}, func(c *end) {
		key, _ := c.glue(messages[0])
		c.goOn(key, messages[1])
		var err error
		got, err = c.untilClose()
		check(err)
	})
	return got
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
			"handshake must be read through for good. (A client must wait for the 101 before it sends: RFC 6455, 4.1. Not all do.)",
	}
	r.expect(len(f.Sent) == 2 && slices.Equal(f.Dropped, f.Sent[1:]) && f.Lost > 0, "the client that threw its reader away lost nothing")
	r.expect(slices.Equal(f.Kept, f.Sent), "the client that read on through its reader lost something")
	r.expect(f.Torn != "", "half a frame went unnoticed")
	r.expect(len(f.Upgrader) == 1, "the server that read past its upgrader lost nothing")
	r.expect(slices.Equal(f.Echo, f.Sent), "the lab's server lost something")
	return r
}
