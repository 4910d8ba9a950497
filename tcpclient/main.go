// Command tcpclient is the client of the lab: it sends messages to an echo server, and shows what became of their
// boundaries. With -tour it needs no server and takes its visitor through the experiments.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
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
	fs.StringVar(&o.codec, "codec", "raw", "how messages are marked, the same as at the server: `"+framing.Names+"`; KIND is "+framing.Kinds+", TEXT may have "+framing.Escapes+"; for fixed=N the samples are made N bytes long")
	fs.Var(&o.messages, "message", "send this `TEXT`; may be repeated (default: three samples)")
	fs.StringVar(&o.file, "file", "", "send the lines of the file at `PATH`, a message each; - is standard input, which is also read if something is piped into it. Each line of a pipe or a terminal is sent when it comes")
	fs.IntVar(&o.Chunk, "chunk", 0, "write `N` bytes at a time, wherever messages end (default: one write a message)")
	fs.BoolVar(&o.Glue, "glue", false, "write everything at once, 16 MiB at most")
	fs.BoolVar(&o.NoEcho, "no-echo", false, "for servers that do not echo: show what they send, and compare nothing. It ends with the server, or -timeout after the last that came")
	fs.DurationVar(&o.Delay, "delay", 0, "wait this `time` between two messages")
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
	switch {
	case o.list:
		return cli.CheckAlone(fs, "list")
	case o.tour.on:
		return cli.CheckAlone(fs, "tour", "json", "quiet")
	}
	if err := o.webFlags.check(fs); err != nil {
		return err
	}
	codec, err := cli.Codec(o.codec)
	if err != nil {
		return err
	}
	o.Codec, o.Nagle = codec, !o.nodelay
	switch {
	case o.Chunk > 0 && o.Glue:
		return errors.New("-chunk and -glue cannot be combined")
	case o.Delay > 0 && o.Glue:
		return errors.New("-delay and -glue cannot be combined")
	case len(o.messages) > 0 && o.file != "":
		return errors.New("-message and -file cannot be combined")
	}
	return errors.Join(
		cli.CheckAddr(o.addr, 1),
		cli.Within("delay", o.Delay, 0, cli.MaxWait),
		cli.Within("chunk", o.Chunk, 0, client.GlueLimit),
		cli.Within("read", o.ReadBuffer, 1, cli.MaxReadBuffer),
		cli.Within("max-message", o.MaxMessage, 1, cli.MaxMessage),
		cli.CheckWait("timeout", o.Timeout),
		cli.CheckFits(o.Codec, o.MaxMessage),
	)
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := cli.Program{
		Name:   "tcpclient",
		Stray:  "; a text to send has -message before it",
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
go run ./tcpclient -no-echo -addr HOST:PORT
                                       a server that does not echo
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
