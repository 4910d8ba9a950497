// Command tcpserver is the echo server of the lab: raw TCP, or messages of a codec. It tells what the kernel says of
// its sockets at each step.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"echolab/framing"
	"echolab/internal/cli"
	"echolab/internal/echo"
	"echolab/internal/trace"
)

// grace is how long running echoes may take after Ctrl-C.
const grace = 5 * time.Second

func main() {
	os.Exit(run(cli.Interruptible(), os.Args[1:], os.Stdout, os.Stderr))
}

// options are the flags.
type options struct {
	addr  string
	codec string
	json  bool
	quiet bool
	echo.Server
}

func (o *options) define(fs *flag.FlagSet) {
	fs.StringVar(&o.addr, "addr", "127.0.0.1:9000", "listen on `HOST:PORT`; port 0 picks a free one")
	fs.StringVar(&o.codec, "codec", "raw", "how messages are marked: `"+framing.Names+"`")
	fs.IntVar(&o.ReadBuffer, "read", echo.DefaultReadBuffer, "read at most `N` bytes with one read (262144 by default for raw with -quiet)")
	fs.IntVar(&o.MaxMessage, "max-message", echo.DefaultMaxMessage, "refuse messages of more than `N` bytes (not for raw, which has none)")
	fs.IntVar(&o.MaxConns, "max-conns", echo.DefaultMaxConns, "serve at most `N` connections at once, and close further ones")
	fs.DurationVar(&o.IdleTimeout, "idle-timeout", echo.DefaultIdleTimeout, "close a connection on which nothing moves for that `time`")
	fs.BoolVar(&o.json, "json", false, "print the account as lines of JSON")
	fs.BoolVar(&o.quiet, "quiet", false, "print no account: nothing is spent on it")
}

// check completes the options, or says what is wrong with them.
func (o *options) check() error {
	codec, err := framing.Parse(o.codec)
	if err != nil {
		return fmt.Errorf("-codec: %w", err)
	}
	o.Codec = codec
	if o.IdleTimeout <= 0 {
		return fmt.Errorf("-idle-timeout %v: it must be more than 0", o.IdleTimeout)
	}
	return errors.Join(
		cli.CheckAddr(o.addr),
		cli.Within("read", o.ReadBuffer, 1, cli.MaxReadBuffer),
		cli.Within("max-message", o.MaxMessage, 1, cli.NoLimit),
		cli.Within("max-conns", o.MaxConns, 1, cli.NoLimit),
	)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := cli.Program{
		Name:   "tcpserver",
		About:  "tcpserver echoes what its clients send, and tells what the kernel says of each socket.",
		Stdout: stdout, Stderr: stderr,
		Examples: `
go run ./tcpserver                       bytes, on 127.0.0.1:9000
go run ./tcpserver -codec length         messages, each behind its length
go run ./tcpserver -read 4               at most 4 bytes with one read
go run ./tcpserver -addr 127.0.0.1:0     on a free port: "listening on" has it
go run ./tcpserver -quiet                only echo, as fast as it can
`,
	}
	return p.Run(func(p cli.Program) int { return command(ctx, p, args) })
}

// command does what the flags ask for.
func command(ctx context.Context, p cli.Program, args []string) int {
	o := new(options)
	fs := p.Flags()
	o.define(fs)
	if _, status, done := p.Parse(fs, args, func() bool { return false }); done {
		return status
	}
	if err := o.check(); err != nil {
		return p.Misused(err)
	}
	if !cli.Given(fs, "read") {
		o.ReadBuffer = 0 // the server's own default depends on what it does
	}
	return serve(ctx, p, o)
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, p cli.Program, o *options) int {
	rec, lines := p.Account(o.json, o.quiet)
	o.Recorder = rec
	ln, err := echo.Listen(ctx, o.addr, rec)
	if err != nil {
		err = listenError(o.addr, err)
		if lines != nil {
			lines.Line(result{Ev: "result", Error: err.Error()})
		}
		return p.Fail(err)
	}
	announce(p, ln.Addr(), o.json)
	served := make(chan error, 1)
	go func() { served <- o.Serve(ln) }()

	select {
	case err = <-served: // the listener failed; whoever is connected may still finish
	case <-ctx.Done():
		if open := o.Stats().Open; open > 0 && cli.IsTerminal(p.Stderr) {
			fmt.Fprintf(p.Stderr, "%s: %s may finish within %v; another Ctrl-C ends at once\n",
				p.Name, trace.Count(open, "connection", "connections"), grace)
		}
	}
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	closed, _ := o.Shutdown(deadline)
	return finish(p, lines, o.Stats(), closed, err)
}

// result is the last line of the account in JSON.
type result struct {
	Ev string `json:"ev"`
	OK bool   `json:"ok"`
	echo.Stats
	Closed int    `json:"closed"` // connections that did not finish in time
	Error  string `json:"error,omitempty"`
}

// finish says what the server did and what it had to close.
func finish(p cli.Program, lines *trace.JSON, stats echo.Stats, closed int, err error) int {
	status := cli.OK
	r := result{Ev: "result", OK: err == nil, Stats: stats, Closed: closed}
	if err != nil {
		status = p.Fail(err)
		r.Error = err.Error()
	}
	if lines != nil {
		lines.Line(r)
		return status
	}
	text := fmt.Sprintf("stopped: %s (%d failed, %d refused), %s in, %s out; %s",
		trace.Count(stats.Conns, "connection", "connections"), stats.Failed, stats.Refused,
		trace.Bytes(stats.BytesIn), trace.Bytes(stats.BytesOut), closedText(closed))
	for _, line := range trace.Fold(text, trace.MapWidth-len("^C")) { // which a terminal puts in front
		fmt.Fprintln(p.Stdout, line)
	}
	return status
}

func closedText(closed int) string {
	if closed == 0 {
		return "none had to be cut off"
	}
	return fmt.Sprintf("%s had not finished after %v and had to be cut off", trace.Count(closed, "connection", "connections"), grace)
}

// announce warns if anybody on the network may connect, and prints the line that scripts wait for.
func announce(p cli.Program, addr net.Addr, asJSON bool) {
	out := p.Stdout
	if asJSON {
		out = p.Stderr
	}
	if ap, err := netip.ParseAddrPort(addr.String()); err == nil && ap.Addr().IsUnspecified() {
		fmt.Fprintf(p.Stderr, "%s: every machine that reaches this one can connect; -addr 127.0.0.1:%d keeps it local\n", p.Name, ap.Port())
	}
	fmt.Fprintf(out, "listening on %v\n", addr)
}

// listenError says what to do about a listener that could not be had.
func listenError(addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use already, probably by another tcpserver: stop that one, or choose another port with -addr (127.0.0.1:0 picks a free one)", addr)
	}
	return fmt.Errorf("cannot listen on %s: %w", addr, err)
}
