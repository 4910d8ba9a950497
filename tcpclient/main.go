// Command tcpclient is the client of the lab: it sends messages to an echo server, and shows what became of their
// boundaries. With -tour it needs no server and takes its visitor through the experiments.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"

	"echolab/framing"
	"echolab/internal/cli"
	"echolab/internal/client"
)

func main() {
	os.Exit(run(cli.Interruptible(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// options are the flags.
type options struct {
	addr     string
	codec    string
	messages messagesFlag
	file     string
	nodelay  bool
	json     bool
	quiet    bool
	tour     tourFlag
	list     bool
	webFlags
	client.Client
}

func (o *options) define(fs *flag.FlagSet) {
	fs.StringVar(&o.addr, "addr", "127.0.0.1:9000", "connect to `HOST:PORT`")
	fs.StringVar(&o.codec, "codec", "raw", "how messages are marked, the same as at the server: `"+framing.Names+"`; for fixed=N the samples are made N bytes long")
	fs.Var(&o.messages, "message", "send this `TEXT`; may be repeated (default: three samples)")
	fs.StringVar(&o.file, "file", "", "send the lines of the file at `PATH`, a message each; - is standard input, which is also read if something is piped into it. Each line of a pipe or a terminal is sent when it comes")
	fs.IntVar(&o.Chunk, "chunk", 0, "write `N` bytes at a time, wherever messages end (default: one write a message)")
	fs.BoolVar(&o.Glue, "glue", false, "write everything at once, 16 MiB at most")
	fs.BoolVar(&o.nodelay, "nodelay", true, "TCP_NODELAY; with =false Nagle's algorithm holds small writes back")
	fs.IntVar(&o.ReadBuffer, "read", client.DefaultReadBuffer, "read at most `N` bytes at a time")
	fs.IntVar(&o.MaxMessage, "max-message", client.DefaultMaxMessage, "send and take messages of at most `N` bytes")
	fs.DurationVar(&o.Timeout, "timeout", client.DefaultTimeout, "give up when nothing moves for this `time`")
	o.webFlags.define(fs)
	fs.BoolVar(&o.json, "json", false, "print the account as lines of JSON, the result last")
	fs.BoolVar(&o.quiet, "quiet", false, "print the verdict only")
	fs.Var(&o.tour, "tour", "no server needed: run the experiments, all or those of the `NAMES` given")
	fs.BoolVar(&o.list, "list", false, "list the experiments of the tour")
}

// check completes the options, or says what is wrong with them.
func (o *options) check(fs *flag.FlagSet) error {
	if err := o.webFlags.check(fs); err != nil {
		return err
	}
	codec, err := framing.Parse(o.codec)
	if err != nil {
		return fmt.Errorf("-codec: %w", err)
	}
	o.Codec, o.Nagle = codec, !o.nodelay
	switch {
	case o.Chunk > 0 && o.Glue:
		return errors.New("-chunk and -glue cannot be combined")
	case len(o.messages) > 0 && o.file != "":
		return errors.New("-message and -file cannot be combined")
	case o.Timeout <= 0:
		return fmt.Errorf("-timeout %v: it must be more than 0", o.Timeout)
	}
	return errors.Join(
		cli.CheckAddr(o.addr),
		checkPort(o.addr),
		cli.Within("chunk", o.Chunk, 0, client.GlueLimit),
		cli.Within("read", o.ReadBuffer, 1, cli.MaxReadBuffer),
		cli.Within("max-message", o.MaxMessage, 1, cli.NoLimit),
		cli.CheckFits(o.Codec, o.MaxMessage),
	)
}

// checkPort returns an error for the port that lets a server choose one.
func checkPort(addr string) error {
	if _, port, err := net.SplitHostPort(addr); err == nil && port == "0" {
		return fmt.Errorf("-addr %s: nobody listens on port 0; the server says which port it listens on", addr)
	}
	return nil
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := cli.Program{
		Name:   "tcpclient",
		About:  "tcpclient sends messages to an echo server and shows what became of their boundaries.",
		Stdout: stdout, Stderr: stderr,
		Examples: `
go run ./tcpclient -tour               every experiment; needs no server
go run ./tcpclient -tour hangul,udp    two of them; -list has their names
go run ./tcpclient                     three messages to 127.0.0.1:9000
go run ./tcpclient -glue               the same in one write
go run ./tcpclient -chunk 1            the same, a byte a write
go run ./tcpclient -codec lines        a framing; the server needs the same
go run ./tcpclient -file README.md     a message a line
go run ./tcpclient -ws -glue           WebSocket, everything in one write;
                                       the server is go run ./wsserver
go run ./tcpclient -ws -ping           a Ping between the messages
go run ./tcpclient -ws -fragment 4     frames of 4 bytes
go run ./tcpclient -ws -tls -insecure  inside TLS, whoever the server is
`,
	}
	return p.Run(func(p cli.Program) int { return command(ctx, p, args, stdin) })
}

// command does what the flags ask for.
func command(ctx context.Context, p cli.Program, args []string, stdin io.Reader) int {
	o := new(options)
	fs := p.Flags()
	o.define(fs)
	names, status, done := p.Parse(fs, args, func() bool { return o.tour.on })
	if done {
		return status
	}
	if err := o.check(fs); err != nil {
		return p.Misused(err)
	}
	switch {
	case o.list:
		return listTour(p)
	case o.tour.on:
		return runTour(ctx, p, append(o.tour.names, splitNames(names)...), o.json, o.quiet)
	}
	return exchange(ctx, p, o, stdin)
}
