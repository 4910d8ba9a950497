package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"echolab/internal/sock"
	"echolab/internal/text"
)

// HalfClose is what happens on both sides when the client ends its stream and then waits for the answer.
type HalfClose struct {
	Request     string `json:"request"` // what the server read until the end of the stream
	ClientState string `json:"client_state"`
	ServerState string `json:"server_state"`
	Before      int    `json:"before"` // bytes of the answer that the client had when the server had read that end
	Answer      string `json:"answer"` // what the client read after that, until the end
	Ended       string `json:"ended"`  // the server's state when it had ended its side too, its socket still open
}

// RunHalfClose sends, ends the client's side, and answers once the server has read that end.
func RunHalfClose(ctx context.Context) (f HalfClose, err error) {
	defer caught(&err)
	p := newPair(ctx)
	defer p.close()
	p.client.send(Samples()...)
	check(p.client.CloseWrite())
	f.Request = p.server.toEnd()
	check(sock.AwaitState(ctx, p.client, sock.StateFinWait2))
	check(sock.AwaitState(ctx, p.server, sock.StateCloseWait))
	f.ClientState, f.ServerState = must(sock.State(p.client)), must(sock.State(p.server))
	f.Before = must(sock.Unread(p.client))
	p.server.write([]byte(strings.ToUpper(f.Request)))
	check(p.server.CloseWrite())
	f.Answer = p.client.toEnd()
	check(sock.AwaitState(ctx, p.server, sock.StateClose))
	f.Ended = must(sock.State(p.server))
	return f, nil
}

func (f HalfClose) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("The client sent %q and shut down its sending side: it is in %s, the server in %s.", f.Request, f.ClientState, f.ServerState),
			fmt.Sprintf("The server read the end of the stream; its own sending side was still open, and the client had %s of the answer.", text.Bytes(int64(f.Before))),
			fmt.Sprintf("It answered, and the client read %q.", f.Answer),
			fmt.Sprintf("Then the server shut down its sending side too: it is in %s, and nobody has called close yet.", f.Ended),
		},
		Answer: "Yes. A connection is two streams, and each ends on its own: CloseWrite in Go, shutdown(SHUT_WR) below " +
			"it. A server that closes the whole connection when it reads the end of one stream cuts off its own answer.",
	}
	r.expect(f.ClientState == sock.StateFinWait2 && f.ServerState == sock.StateCloseWait, "the states are not those of a half-closed connection")
	r.expect(f.Before == 0, "the answer came before the server had read the end")
	r.expect(f.Ended == sock.StateClose, "two ends of streams were not the end of the connection")
	r.expect(f.Request != "" && f.Answer == strings.ToUpper(f.Request), "the answer did not arrive whole")
	return r
}

// BrokenPipe is what a side sees that goes on writing after the other has closed.
type BrokenPipe struct {
	PeerClosed  string `json:"peer_closed"`  // the writer's state after the peer's close
	First       string `json:"first"`        // the error of the first write, "" for none
	FirstBytes  int    `json:"first_bytes"`  // bytes that it took
	AfterFirst  string `json:"after_first"`  // the writer's state once the answer to them has come
	Second      string `json:"second"`       // the error of the second write
	SecondEPIPE bool   `json:"second_epipe"` // it was EPIPE
}

// RunBrokenPipe closes one side and writes twice on the other, the second time when the answer to the first has come.
func RunBrokenPipe(ctx context.Context) (f BrokenPipe, err error) {
	defer caught(&err)
	p := newPair(ctx)
	defer p.close()
	check(p.server.Close())
	check(sock.AwaitState(ctx, p.client, sock.StateCloseWait))
	f.PeerClosed = must(sock.State(p.client))
	n, first := p.client.Write([]byte("first"))
	f.FirstBytes, f.First = n, errText(first)
	check(sock.AwaitState(ctx, p.client, sock.StateClose))
	f.AfterFirst = must(sock.State(p.client))
	_, second := p.client.Write([]byte("second"))
	f.Second, f.SecondEPIPE = errText(second), errors.Is(second, syscall.EPIPE)
	return f, nil
}

func (f BrokenPipe) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("The server closed. The client's socket is in %s: it knows that no more will come.", f.PeerClosed),
			fmt.Sprintf("First write: %d bytes accepted, error: %s.", f.FirstBytes, cmp.Or(f.First, "none")),
			fmt.Sprintf("They were answered with a RST: the socket is now in %s.", f.AfterFirst),
			fmt.Sprintf("Second write: %s.", cmp.Or(f.Second, "none")),
		},
		Answer: "A write succeeds once the kernel has taken the bytes, whatever becomes of them. The peer's FIN only says " +
			"that it will send no more; it might still read. That it is gone is known when the first bytes are " +
			"answered with a RST. Only an answer from the application proves delivery.",
	}
	r.expect(f.PeerClosed == sock.StateCloseWait && f.AfterFirst == sock.StateClose, "the socket's states are not those of a peer's close and of a reset")
	r.expect(f.First == "" && f.FirstBytes == len("first"), "the first write failed")
	r.expect(f.SecondEPIPE, "the second write did not fail with EPIPE")
	return r
}

// Reset is what a client reads when the server has answered and then closes with unread input.
type Reset struct {
	Unread    int    `json:"unread"`     // bytes that the server left unread
	Queued    string `json:"queued"`     // the answer, which had arrived before
	Then      string `json:"then"`       // the error of the next read
	WasReset  bool   `json:"was_reset"`  // it was ECONNRESET
	CleanThen string `json:"clean_then"` // the same after a close with nothing unread
}

// RunReset closes twice: with unread input, and without.
func RunReset(ctx context.Context) (f Reset, err error) {
	defer caught(&err)
	var then error
	f.Unread, f.Queued, then = closeAfterAnswer(ctx, false)
	f.Then, f.WasReset = errText(then), errors.Is(then, syscall.ECONNRESET)
	_, _, then = closeAfterAnswer(ctx, true)
	f.CleanThen = errText(then)
	return f, nil
}

// closeAfterAnswer sends a request of which the server reads everything or nothing, answers and closes. It returns
// what the client then reads, and the error of its next read.
func closeAfterAnswer(ctx context.Context, readAll bool) (unread int, queued string, then error) {
	const request, answer = "request", "answer"
	p := newPair(ctx)
	defer p.close()
	p.client.write([]byte(request))
	check(sock.AwaitUnread(ctx, p.server, len(request)))
	if readAll {
		p.server.readAll(len(request), len(request))
	}
	p.server.write([]byte(answer))
	check(sock.AwaitUnread(ctx, p.client, len(answer)))
	unread = must(sock.Unread(p.server))
	check(p.server.Close())
	check(sock.AwaitState(ctx, p.client, sock.StateCloseWait, sock.StateClose))
	buf := make([]byte, 64)
	n, then := p.client.Read(buf)
	if then == nil {
		_, then = p.client.Read(buf[n:])
	}
	return unread, string(buf[:n]), then
}

func (f Reset) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("The server answered and closed, with %s of the request unread.", text.Bytes(int64(f.Unread))),
			fmt.Sprintf("The client read %q, which had already arrived; then: %s.", f.Queued, cmp.Or(f.Then, "none")),
			fmt.Sprintf("When the server had read everything before it closed, the client's next read returned: %s.", cmp.Or(f.CleanThen, "none")),
		},
		Answer: "\"Connection reset by peer\". A close with unread input sends a RST and not a FIN: the kernel says that " +
			"bytes were thrown away. An answer that has not arrived by then can be lost with them. A server that " +
			"gives up on a client should end its side, read what still comes, and then close.",
	}
	r.expect(f.Unread > 0 && f.WasReset, "the client was not reset")
	r.expect(f.Queued == "answer", "what had arrived before was lost")
	r.expect(f.CleanThen == "EOF", "a close with nothing unread was not the end of the stream")
	return r
}
