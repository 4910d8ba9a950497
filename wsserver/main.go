// Command wsserver serves raw TCP, HTTP and WebSocket on one port: the first bytes of a connection decide which. It
// shows what it does at each step, down to the frames.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"echolab/internal/cli"
)

func main() {
	os.Exit(run(cli.Interruptible(), os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := cli.Program{
		Name:  "wsserver",
		Stray: "; the address to listen on has -addr before it",
		About: "wsserver echoes raw TCP and WebSocket messages on one port, has a page for browsers there, and shows " +
			"what it does, down to the frames.",
		Stdout: stdout, Stderr: stderr,
		Examples: `
go run ./wsserver                        all three, on 127.0.0.1:9000
go run ./wsserver -codec lines           lines of text where it is not HTTP
go run ./wsserver -only http             every connection is taken for HTTP
go run ./wsserver -tls self-signed       TLS too, with a fresh certificate
go run ./wsserver -compress              permessage-deflate, if offered
go run ./wsserver -origin https://a.example     let this site in
go run ./wsserver -host lab.example     be this host too
go run ./wsserver -addr 127.0.0.1:0      on a free port: "listening on" has it
go run ./wsserver -chunk 1               a byte a write: a test for clients
go run ./wsserver -glue                  and several messages in one write
go run ./wsserver -quiet                 only echo, as fast as it can
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
	if err := o.check(fs); err != nil {
		return p.Misused(err)
	}
	switch {
	case o.tls != "":
		cert, path, err := selfSigned(o.Addr)
		if err != nil {
			return o.Fail(p, fmt.Errorf("cannot make a certificate: %w", err))
		}
		defer os.Remove(path)
		o.useTLS(cert)
		o.Announce = func(p cli.Program, addr net.Addr) { announceCertificate(p, cert, path, addr) }
	case o.tlsCert != "":
		cert, err := readCertificate(o.tlsCert, o.tlsKey)
		if err != nil {
			return o.Fail(p, err)
		}
		o.useTLS(cert)
	}
	serving, done := context.WithCancel(ctx)
	defer done()
	go saveMemory(serving, func() int { return o.Stats().Conns })
	return o.Run(ctx, p)
}
