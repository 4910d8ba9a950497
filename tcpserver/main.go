// Command tcpserver is the echo server of the lab: raw TCP, or messages of a codec. It shows what the kernel says of
// its sockets at each step.
package main

import (
	"context"
	"io"
	"os"

	"echolab/internal/cli"
	"echolab/internal/cli/serve"
)

func main() {
	os.Exit(run(cli.Interruptible(), os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := cli.Program{
		Name:   "tcpserver",
		Stray:  "; the address to listen on has -addr before it",
		About:  "tcpserver echoes what its clients send, and shows what the kernel says of each socket.",
		Stdout: stdout, Stderr: stderr,
		Examples: `
go run ./tcpserver                       bytes, on 127.0.0.1:9000
go run ./tcpserver -codec length         messages, each after its length
go run ./tcpserver -read 4               at most 4 bytes with one read
go run ./tcpserver -chunk 1              a byte a write: a test for clients
go run ./tcpserver -addr 127.0.0.1:0     on a free port: "listening on" has it
go run ./tcpserver -quiet                only echo, as fast as it can
`,
	}
	return p.Run(func(p cli.Program) int { return command(ctx, p, args) })
}

// command does what the flags ask for.
func command(ctx context.Context, p cli.Program, args []string) int {
	o := new(serve.Options)
	fs := p.Flags()
	o.Define(fs)
	if _, status, done := p.Parse(fs, args, func() bool { return false }); done {
		return status
	}
	if err := o.Check(); err != nil {
		return p.Misused(err)
	}
	return o.Run(ctx, p)
}
