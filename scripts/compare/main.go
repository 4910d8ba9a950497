// Command compare answers what a message costs on the server: this lab's echo, raw and WebSocket, and the echo loops of
// other WebSocket libraries, against a plain loop of read and write. Every server is a process of its own, and all of
// them get the same load from the same generator, which checks every byte that comes back.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"echolab/internal/cli"
	"echolab/internal/text"
)

func main() {
	os.Exit(run(cli.Interruptible(), os.Args[1:], os.Stdout, os.Stderr))
}

// options are the flags.
type options struct {
	servers  string
	loads    spec
	rounds   int
	time     time.Duration
	warmup   time.Duration
	idle     int
	short    bool
	markdown bool
	wsserver string
}

func (o *options) define(fs *flag.FlagSet) {
	fs.StringVar(&o.servers, "servers", allServers(), "compare these `NAMES`; ratios need plain among them")
	o.loads = defaultLoads
	fs.Var(&o.loads, "loads", "send these `LOADS`, each CONNSxBYTESxWINDOW: messages of so many "+
		"bytes (K and M are KiB and MiB), and WINDOW of them in flight on each connection; empty for none")
	fs.IntVar(&o.rounds, "rounds", 5, "let each server have `N` turns with each load")
	fs.DurationVar(&o.time, "time", 500*time.Millisecond, "measure for that `time` each turn, or longer if little comes back")
	fs.DurationVar(&o.warmup, "warmup", 100*time.Millisecond, "let the server run for that `time` before")
	fs.IntVar(&o.idle, "idle", 15000, "hold `N` idle connections for the last table; 0 leaves it out (by default "+
		"fewer, if the system allows fewer open files)")
	fs.BoolVar(&o.short, "short", false, "only try it: one short round and few idle connections, unless their flags "+
		"say otherwise")
	fs.BoolVar(&o.markdown, "markdown", false, "print Markdown, with the date and the machine")
	fs.StringVar(&o.wsserver, "wsserver", "", "the wsserver at `PATH` is this lab's (default: built from this repository)")
}

// A spec is the text of a flag that may be empty.
type spec string

func (s *spec) String() string { return string(*s) }
func (s *spec) Set(text string) error {
	*s = spec(text)
	return nil
}

// TakesEmpty says that it may be.
func (*spec) TakesEmpty() {}

// shortly is what -short sets: it shows whether everything works, and its numbers mean nothing.
var shortly = map[string]string{"rounds": "1", "time": "50ms", "warmup": "20ms", "idle": "200"}

// maxIdle is limited by the memory of most machines, and by how many addresses dial has.
const maxIdle = 1_000_000

// check returns the comparison, or says what is wrong with the options, which fs has set.
func (o *options) check(fs *flag.FlagSet) (*comparison, error) {
	c := &comparison{idleGiven: cli.Given(fs, "idle"), settle: time.Second}
	if o.short {
		c.settle = 50 * time.Millisecond
		for name, value := range shortly {
			if !cli.Given(fs, name) {
				fs.Set(name, value)
			}
		}
	}
	c.options = *o
	var serversErr, loadsErr error
	c.servers, serversErr = parseServers(o.servers)
	c.loads, loadsErr = parseLoads(string(o.loads))
	err := errors.Join(
		serversErr, loadsErr,
		cli.Within("rounds", o.rounds, 1, 1000),
		cli.Within("idle", o.idle, 0, maxIdle),
		cli.Within("time", o.time, time.Millisecond, time.Minute),
		cli.Within("warmup", o.warmup, 0, time.Minute),
	)
	if err == nil && len(c.loads) == 0 && o.idle == 0 {
		err = errors.New("-loads and -idle leave nothing to measure")
	}
	return c, err
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := cli.Program{
		Name: "compare",
		About: "compare measures what a message costs on the server, per design, against a plain loop of read and write. " +
			"It takes about three minutes, and wants a machine that does nothing else.",
		Stdout: stdout, Stderr: stderr,
		Examples: `
go run .                               everything
go run . -short                        only try it: some seconds
go run . -servers plain,websocket,gws  some of the servers
go run . -loads 10x4Kx8 -idle 0        one load of your own
go run . -loads "" -idle 5000          only the memory of idle connections
go run . -markdown                     tables for a README
`,
	}
	if len(args) > 0 && args[0] == serveCommand {
		return serve(ctx, p, args[1:])
	}
	return p.Run(func(p cli.Program) int { return command(ctx, p, args) })
}

// command does what the flags ask for.
func command(ctx context.Context, p cli.Program, args []string) int {
	var o options
	fs := p.Flags()
	o.define(fs)
	if _, status, done := p.Parse(fs, args, func() bool { return false }); done {
		return status
	}
	c, err := o.check(fs)
	if err != nil {
		return p.Misused(err)
	}
	if c.wsserver == "" && slices.ContainsFunc(c.servers, func(s server) bool { return s.loop == nil }) {
		scratch, err := os.MkdirTemp("", "compare")
		if err != nil {
			return p.Fail(err)
		}
		defer os.RemoveAll(scratch)
		if c.wsserver, err = buildWsserver(ctx, scratch); err != nil {
			return failed(ctx, p, err)
		}
	}
	began := time.Now()
	c.progress = cli.NewProgress(p.Stderr)
	tables, err := c.run(ctx)
	c.progress.End()
	if err != nil {
		return failed(ctx, p, err)
	}
	c.report(p.Stdout, tables, began, args)
	return cli.OK
}

// failed says what went wrong, or that somebody pressed Ctrl-C: that reaches the servers, too, and what fails then is
// not their fault.
func failed(ctx context.Context, p cli.Program, err error) int {
	if ctx.Err() != nil {
		return p.Fail(ctx.Err())
	}
	status := p.Fail(err)
	if errors.Is(err, errUnable) {
		status = cli.Unable
	}
	return status
}

// method says what the numbers are.
const method = `CPU is the server's processor time. Ratio is that over the plain loop's in the
same round (among idle connections: over that without them), in the median; in
turns are the least and the greatest. All others are medians of the turns.`

// report prints the tables, and what one must know to read them: before them in Markdown, after them on a terminal.
func (c *comparison) report(w io.Writer, tables []table, began time.Time, args []string) {
	machine := fmt.Sprintf("%s, %s, %s", system(), text.Count(runtime.NumCPU(), "core", "cores"), runtime.Version())
	legend := func(format string) {
		for _, s := range c.servers {
			fmt.Fprintf(w, format, s.name, s.describe())
		}
	}
	if c.markdown {
		fmt.Fprintf(w, "Measured on %s with `%s`: %s.\n%s\n\n",
			began.Format(time.DateOnly), commandLine(args), machine, method)
		legend("- %s: %s\n")
		fmt.Fprintln(w)
	}
	for _, t := range tables {
		t.show(w, c.markdown)
	}
	if !c.markdown {
		fmt.Fprintf(w, "%s\n\n", method)
		legend("%-9s  %s\n")
		fmt.Fprintf(w, "%s; %v\n", machine, time.Since(began).Round(time.Second))
	}
}

// commandLine is the command that was given, for somebody who wants to repeat it.
func commandLine(args []string) string {
	line := []string{"go -C scripts/compare run ."}
	for _, arg := range args {
		if arg == "" || strings.ContainsAny(arg, " *?'\"$&|;<>()`\\") {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		line = append(line, arg)
	}
	return strings.Join(line, " ")
}
