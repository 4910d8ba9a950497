package lab

import (
	"bufio"
	"context"
	"fmt"

	"echolab/framing"
	"echolab/internal/sock"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Bufio is what two receivers got of the same three lines, which had come together: one with a new bufio.Reader for
// each message, one with the same for all.
type Bufio struct {
	Sent     int      `json:"sent"`
	Fresh    []string `json:"fresh"`     // messages, with a new reader for each
	FreshErr string   `json:"fresh_err"` // why there were no more
	Lost     int      `json:"lost"`      // bytes that the first reader had taken and nobody asked it for
	Kept     []string `json:"kept"`      // messages, with one reader for all

	stream *streammap.Map
}

// RunBufio sends three lines and the end of the stream, and reads them when all have come; twice.
func RunBufio(ctx context.Context) (f Bufio, err error) {
	defer caught(&err)
	f.Sent = len(Samples())
	p := withLines(ctx)
	defer p.close()
	first := bufio.NewReader(p.server)
	for r := first; ; r = bufio.NewReader(p.server) { // the mistake
		msg, err := framing.Lines{}.Read(r, 1024)
		if err != nil {
			check(unlessEOF(err))
			f.FreshErr = err.Error()
			break
		}
		f.Fresh = append(f.Fresh, string(msg))
		p.server.received(r)
	}
	f.Lost, f.stream = first.Buffered(), p.client.out()

	kept := withLines(ctx)
	defer kept.close()
	f.Kept = kept.server.receive(framing.Lines{})
	return f, nil
}

// withLines is a pair whose server has three lines and the end of the stream in its receive queue.
func withLines(ctx context.Context) *pair {
	p, total := newPair(ctx), 0
	for _, msg := range Samples() {
		line := append(msg, '\n')
		total += len(line)
		p.client.send(line)
	}
	check(p.client.CloseWrite())
	check(sock.AwaitUnread(ctx, p.server, total))
	return p
}

func (f Bufio) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("%d lines had arrived. With a new bufio.Reader for each, the server got %s, then: %s.", f.Sent, quoted(f.Fresh, text.Width), f.FreshErr),
			fmt.Sprintf("The first reader had taken everything in one read: %d bytes were still in its buffer.", f.Lost),
			fmt.Sprintf("With one bufio.Reader for all, it got %s.", quoted(f.Kept, text.Width)),
		},
		Maps: []*streammap.Map{f.stream},
		Answer: "A bufio.Reader reads ahead. What it read beyond the message is in its buffer and nowhere else: throw the " +
			"reader away, and those messages are gone. Keep one reader for the life of the connection.",
	}
	r.expect(len(f.Fresh) == 1 && f.Lost > 0, "a new reader for each message lost nothing")
	r.expect(len(f.Kept) == f.Sent, "one reader did not return every message")
	return r
}
