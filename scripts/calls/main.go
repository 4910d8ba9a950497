// Command calls reads what strace wrote of the lab's programs, and their accounts of the same run, and shows both side by
// side: every step that a program reports, and the system call that it was.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"echolab/internal/cli"
)

func main() {
	os.Exit(run(cli.Interruptible(), os.Args[1:], os.Stdout, os.Stderr))
}

// flags are what the command line says.
type flags struct {
	accounts filesFlag
	traces   filesFlag
	json     bool
}

func (f *flags) define(fs *flag.FlagSet) {
	fs.Var(&f.accounts, "account", "the account that a program wrote with -json to this `FILE`; may be repeated")
	fs.Var(&f.traces, "trace", "what strace -f -ttt -o wrote of that program to this `FILE`: the first -trace is of the "+
		"first -account's program, and so on")
	fs.BoolVar(&f.json, "json", false, "print lines of JSON: the events with their calls, the calls without an event, "+
		"the result last")
}

func (f *flags) check() error {
	switch {
	case len(f.accounts) == 0:
		return errors.New("which run? Name the program's account with -account, and what strace wrote of it with -trace")
	case len(f.accounts) != len(f.traces):
		return fmt.Errorf("%d -account and %d -trace: each account needs the trace of the same program, in the same order",
			len(f.accounts), len(f.traces))
	}
	return nil
}

// filesFlag is a flag that may be repeated.
type filesFlag []string

func (f *filesFlag) String() string { return strings.Join(*f, ",") }

func (f *filesFlag) Set(file string) error {
	*f = append(*f, file)
	return nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := cli.Program{
		Name: "calls",
		About: "calls shows what the lab's programs say beside what they asked of the kernel: each step of an account, and " +
			"the system calls that it took, as strace saw them.",
		Stdout: stdout, Stderr: stderr,
		Examples: `
strace -f -ttt -T -o client.strace \
  -e trace=network,read,write,readv,writev,close,epoll_ctl \
  ./tcpclient -json > client.jsonl       a run under strace (Linux), and then
go run ./scripts/calls -account client.jsonl -trace client.strace
go run ./scripts/calls -account client.jsonl -trace client.strace \
  -account server.jsonl -trace server.strace
                                         both ends of a connection
`,
	}
	return p.Run(func(p cli.Program) int { return command(ctx, p, args) })
}

// command does what the flags ask for.
func command(ctx context.Context, p cli.Program, args []string) int {
	f := new(flags)
	fs := p.Flags()
	f.define(fs)
	if _, status, done := p.Parse(fs, args, func() bool { return false }); done {
		return status
	}
	if err := f.check(); err != nil {
		return p.Misused(err)
	}
	var programs []*program
	for i, account := range f.accounts {
		one, err := readProgram(ctx, account, f.traces[i])
		if err := cmp.Or(ctx.Err(), err); err != nil {
			return p.Fail(err)
		}
		programs = append(programs, one)
	}
	sum := count(programs)
	if f.json {
		printJSON(p.Stdout, programs, sum)
	} else {
		printText(p.Stdout, programs, sum)
	}
	if sum.Missing > 0 {
		return cli.Failed
	}
	return cli.OK
}
