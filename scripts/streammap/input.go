package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"echolab/internal/cli"
	"echolab/internal/text"
)

// An input is the capture as a stream of bytes. Reading it ends with the context, even while a live capture is silent.
type input struct {
	ctx      context.Context
	name     string
	live     bool // standard input: Ctrl-C is how it ends
	size     int64
	read     int64
	chunks   <-chan chunk
	rest     chunk
	close    func() error
	progress *cli.Progress
}

// A chunk is what one read returned.
type chunk struct {
	b   []byte
	err error
}

// chunkSize is how much is read at a time, and chunksAhead how many chunks wait.
const (
	chunkSize   = 256 << 10
	chunksAhead = 4
)

// open opens the capture of that name; - is standard input.
func open(ctx context.Context, p cli.Program, name string, stdin io.Reader) (*input, error) {
	in := &input{ctx: ctx, name: name, progress: cli.NewProgress(p.Stderr)}
	if name == "-" {
		if cli.IsTerminal(stdin) {
			return nil, errors.New("standard input is a terminal: pipe a capture into it, as in " +
				"\"tcpdump -i lo -U -w - tcp port 9000 | go run ./scripts/streammap -\"")
		}
		in.live, in.name, in.close = true, "standard input", func() error { return nil }
		in.chunks = pump(ctx, stdin)
		return in, nil
	}
	f, err := cli.Open(ctx, name)
	if err != nil {
		return nil, plain(err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory: name a capture in it", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	in.size, in.close = info.Size(), f.Close
	in.chunks = pump(ctx, f)
	return in, nil
}

// plain is the error without the system call's name in front.
func plain(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Path, path.Err)
	}
	return err
}

// pump reads r in a goroutine of its own, because a read of standard input cannot be interrupted. It ends with r, or
// with the first read that returns after the context has ended.
func pump(ctx context.Context, r io.Reader) <-chan chunk {
	chunks := make(chan chunk, chunksAhead)
	go func() {
		defer close(chunks)
		for {
			c := chunk{b: make([]byte, chunkSize)}
			var n int
			n, c.err = r.Read(c.b)
			c.b = c.b[:n]
			select {
			case chunks <- c:
			case <-ctx.Done():
				return
			}
			if c.err != nil {
				return
			}
		}
	}()
	return chunks
}

// Read returns what has come of the capture; the context's error once that has ended.
func (in *input) Read(b []byte) (int, error) {
	for len(in.rest.b) == 0 {
		if in.rest.err != nil {
			return 0, in.rest.err
		}
		if in.ctx.Err() != nil {
			return 0, in.ctx.Err()
		}
		select {
		case in.rest = <-in.chunks:
		case <-in.ctx.Done():
		}
	}
	n := copy(b, in.rest.b)
	in.rest.b = in.rest.b[n:]
	in.read += int64(n)
	return n, nil
}

// Close lets go of the capture.
func (in *input) Close() error { return in.close() }

// showProgress shows how much of the capture was read.
func (in *input) showProgress() {
	in.progress.Show(func() string {
		if in.size == 0 {
			return text.Bytes(in.read) + " read"
		}
		return fmt.Sprintf("%s of %s read, %d %%", text.Number(in.read), text.Bytes(in.size), in.read*100/in.size)
	})
}
