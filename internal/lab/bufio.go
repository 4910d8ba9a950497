package lab

import (
	"bufio"
	"context"
	"fmt"
	"io"

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
func RunBufio(ctx context.Context) (Bufio, error) {
	f := Bufio{Sent: len(Samples())}
	err := withLines(ctx, func(p *pair) error {
		first := bufio.NewReader(p.atServer)
		r := first
		for {
			msg, err := framing.Lines{}.Read(r, 1024)
			if err != nil {
				f.FreshErr = err.Error()
				f.Lost = first.Buffered()
				f.stream = p.stream()
				return unlessEOF(err)
			}
			f.Fresh = append(f.Fresh, string(msg))
			p.received(len(msg) + 1)
			r = bufio.NewReader(p.atServer) // the mistake
		}
	})
	if err != nil {
		return f, err
	}
	return f, withLines(ctx, func(p *pair) error {
		r := bufio.NewReader(p.atServer)
		for {
			msg, err := framing.Lines{}.Read(r, 1024)
			if err != nil {
				return unlessEOF(err)
			}
			f.Kept = append(f.Kept, string(msg))
		}
	})
}

// withLines hands over a pair whose server has three lines and the end of the stream in its receive queue.
func withLines(ctx context.Context, read func(*pair) error) error {
	p, err := newPair(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	total := 0
	for _, msg := range Samples() {
		framed, err := framing.Lines{}.Append(nil, msg)
		if err != nil {
			return err
		}
		total += len(framed)
		if err := p.send(framed); err != nil {
			return err
		}
	}
	if err := p.client.CloseWrite(); err != nil {
		return err
	}
	if err := sock.AwaitUnread(ctx, p.server, total); err != nil {
		return err
	}
	return read(p)
}

func unlessEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
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
