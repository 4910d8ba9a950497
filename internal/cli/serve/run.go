package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"echolab/internal/cli"
	"echolab/internal/server"
	"echolab/internal/sock"
	"echolab/internal/text"
)

// grace is how long running echoes may take after Ctrl-C, and after them whoever reads what the program prints. He has
// lastWords at least, for what the echoes left to say.
const (
	grace     = 5 * time.Second
	lastWords = 500 * time.Millisecond
)

// Run runs the server until ctx ends, and returns the program's exit status. No connection waits for who reads what the
// program prints. Only its end does, and if that was not long enough for him, the program has failed.
func (o *Options) Run(ctx context.Context, p cli.Program) int {
	stdout, stderr := cli.NewQueue(p.Stdout, cli.Hole(o.JSON)), cli.NewQueue(p.Stderr, cli.Hole(false))
	p.Stdout = stdout
	last := func() cli.Program {
		stdout.Last()
		p.Stderr = stderr // which may be the same pipe, so that the end must not wait for it either
		return p
	}
	stopping, status := o.run(ctx, p, last)
	if err := stdout.Flush(max(grace-lastWords-time.Since(stopping), lastWords)); err != nil && status == cli.OK {
		status = p.Fail(fmt.Errorf("cannot write the output: %w", err))
	}
	_ = stderr.Flush(lastWords)
	return status
}

// run is Run but for what is still to be written. It returns when the end began; who is to say then how it went is what last
// returns.
func (o *Options) run(ctx context.Context, p cli.Program, last func() cli.Program) (stopping time.Time, status int) {
	rec, lines := p.Account(o.JSON, o.Quiet)
	o.Recorder, o.Explain = rec, explain
	ln, err := server.Listen(ctx, o.Addr, rec)
	if err != nil {
		return time.Now(), o.Fail(p, listenError(o.Addr, err))
	}
	o.announce(p, ln.Addr())
	served := make(chan error, 1)
	go func() { served <- o.Serve(ln) }()

	select {
	case err = <-served: // the listener failed; whoever is connected may still finish
	case <-ctx.Done():
		if open := o.Stats().Open; open > 0 && cli.IsTerminal(p.Stderr) {
			fmt.Fprintf(p.Stderr, "%s: %s may finish within %v; another Ctrl-C stops it at once\n",
				p.Name, text.Count(open, "connection", "connections"), grace)
		}
	}
	stopping = time.Now()
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	closed, _ := o.Shutdown(deadline)
	return stopping, o.finish(last(), lines, o.Stats(), closed, err)
}

// Fail says what kept the server from running, as a result too if that is wanted, and returns the exit status.
func (o *Options) Fail(p cli.Program, err error) int {
	if _, lines := p.Account(o.JSON, true); lines != nil {
		lines.Line(result{Ev: "result", Error: err.Error()})
	}
	return p.Fail(err)
}

// announce warns if anybody on the network may connect, and prints the line that scripts wait for.
func (o *Options) announce(p cli.Program, addr net.Addr) {
	out := p.Stdout
	if o.JSON {
		out = p.Stderr
	}
	if ap, err := netip.ParseAddrPort(addr.String()); err == nil && ap.Addr().IsUnspecified() {
		fmt.Fprintf(p.Stderr, "%s: every machine that reaches this one can connect; -addr 127.0.0.1:%d keeps it local\n",
			p.Name, ap.Port())
	}
	if o.Announce != nil {
		o.Announce(p, addr)
	}
	fmt.Fprintf(out, "listening on %v\n", addr)
	if ap, err := netip.ParseAddrPort(addr.String()); err == nil && o.Page != "" {
		fmt.Fprintf(out, "page %s://%v/\n", o.Page, forBrowsers(ap))
	}
}

// forBrowsers is where a browser on this machine finds a server: one that listens on all addresses at localhost.
func forBrowsers(ap netip.AddrPort) string {
	if ap.Addr().IsUnspecified() {
		return fmt.Sprintf("localhost:%d", ap.Port())
	}
	return ap.String()
}

// listenError says what to do about a listener that could not be had.
func listenError(addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		whose := "probably by another tcpserver or wsserver"
		if name, pid, ok := sock.Owner(addr); ok {
			whose = fmt.Sprintf("by %s (process %d)", text.Harmless(name), pid)
		}
		return fmt.Errorf("%s is already in use, %s: stop that one, "+
			"or choose another port with -addr (127.0.0.1:0 picks a free one)", addr, whose)
	}
	return fmt.Errorf("cannot listen on %s: %w", addr, err)
}

// flags are the flags that set the server's limits.
var flags = map[server.Limit]string{
	server.LimitIdle:    "-idle-timeout",
	server.LimitWrite:   "-write-timeout",
	server.LimitPong:    "-pong-wait",
	server.LimitConns:   "-max-conns",
	server.LimitOrigins: "-origin",
	server.LimitHosts:   "-host NAME lets it be",
}

// explain adds to the text of an error the flag that could change it.
func explain(err error) string {
	var met *server.LimitError
	if errors.As(err, &met) {
		return fmt.Sprintf("%v (%s)", err, flags[met.Limit])
	}
	return err.Error()
}
