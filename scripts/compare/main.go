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
	"strings"
	"time"

	"echolab/internal/cli"
)

func main() {
	os.Exit(run(cli.Interruptible(), os.Args[1:], os.Stdout, os.Stderr))
}

// options are the flags.
type options struct {
	servers  string
	loads    string
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
	fs.StringVar(&o.loads, "loads", defaultLoads, "send these `LOADS`, each CONNSxBYTESxWINDOW: messages of so many "+
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

// shortly is what -short sets: it shows whether everything works, and its numbers mean nothing.
var shortly = map[string]string{"rounds": "1", "time": "50ms", "warmup": "20ms", "idle": "200"}

// maxIdle is limited by the memory of most machines, and by how many addresses dial has.
const maxIdle = 1_000_000

// plan is what the options ask for.
type plan struct {
	options
	servers   []server
	loads     []load
	idleGiven bool          // -idle was set on the command line
	settle    time.Duration // memory has come to rest when it changes no more for so long
}

// check returns the plan, or says what is wrong with the options, which fs has set.
func (o *options) check(fs *flag.FlagSet) (plan, error) {
	idleGiven, settle := cli.Given(fs, "idle"), time.Second
	if o.short {
		settle = 50 * time.Millisecond
		for name, value := range shortly {
			if !cli.Given(fs, name) {
				fs.Set(name, value)
			}
		}
	}
	servers, serversErr := parseServers(o.servers)
	loads, loadsErr := parseLoads(o.loads)
	err := errors.Join(
		serversErr, loadsErr,
		cli.Within("rounds", o.rounds, 1, 1000),
		cli.Within("idle", o.idle, 0, maxIdle),
		within("time", o.time, time.Millisecond, time.Minute),
		within("warmup", o.warmup, 0, time.Minute),
	)
	if err == nil && len(loads) == 0 && o.idle == 0 {
		err = errors.New("-loads and -idle leave nothing to measure")
	}
	return plan{*o, servers, loads, idleGiven, settle}, err
}

func within(name string, value, least, most time.Duration) error {
	if value < least || value > most {
		return fmt.Errorf("-%s %v: it must be from %v to %v", name, value, least, most)
	}
	return nil
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
	plan, err := o.check(fs)
	if err != nil {
		return p.Misused(err)
	}
	programs, err := findPrograms(ctx, plan.servers, plan.wsserver)
	if err != nil {
		return p.Fail(orInterrupted(ctx, err))
	}
	defer programs.remove()

	began := time.Now()
	c := comparison{plan: plan, programs: programs, progress: cli.NewProgress(p.Stderr)}
	tables, err := c.run(ctx)
	c.progress.End()
	if err != nil {
		status := p.Fail(orInterrupted(ctx, err))
		if errors.Is(err, errUnable) {
			status = cli.Unable
		}
		return status
	}
	if plan.markdown {
		fmt.Fprintf(p.Stdout, "Measured on %s with `%s`: %s.\n%s\n\n",
			began.Format(time.DateOnly), commandLine(args), machine(), method)
		showLegend(p.Stdout, "- %s: %s\n", plan.servers)
		fmt.Fprintln(p.Stdout)
	}
	for _, t := range tables {
		show(p.Stdout, t, plan.markdown)
	}
	if !plan.markdown {
		fmt.Fprintf(p.Stdout, "%s\n\n", method)
		showLegend(p.Stdout, "%-9s  %s\n", plan.servers)
		fmt.Fprintf(p.Stdout, "%s; %v\n", machine(), time.Since(began).Round(time.Second))
	}
	return cli.OK
}

// method says what the numbers are.
const method = `CPU is the server's processor time. Ratio is that over the plain loop's in the
same round (among idle connections: over that without them), in the median; in
turns are the least and the greatest. All others are medians of the turns.`

// orInterrupted is err, or why it came to it if somebody pressed Ctrl-C: the servers may end before this program does.
func orInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
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
