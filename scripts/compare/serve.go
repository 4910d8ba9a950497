package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"echolab/internal/cli"
)

// serveCommand makes this program one of the servers that it compares: compare serve NAME. It is hidden, because nobody
// but compare itself needs it.
const serveCommand = "serve"

// serve runs one of the loops on a free port until it is interrupted or its standard input ends, which it does when
// compare ends, however that comes.
func serve(ctx context.Context, p cli.Program, args []string) int {
	if len(args) != 1 {
		return p.Misused(fmt.Errorf("%s wants one name", serveCommand))
	}
	s, ok := serverNamed(args[0])
	if !ok || s.loop == nil {
		return p.Misused(fmt.Errorf("%s: no server here is named %q", serveCommand, args[0]))
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return p.Fail(err)
	}
	fmt.Fprintf(p.Stdout, "%s%s\n", listeningOn, ln.Addr())
	served := make(chan error, 1)
	ended := make(chan struct{})
	go func() { served <- s.loop(ln) }()
	go func() {
		defer close(ended)
		io.Copy(io.Discard, os.Stdin)
	}()
	select {
	case err := <-served:
		return p.Fail(err)
	case <-ctx.Done():
		return cli.OK
	case <-ended:
		return cli.OK
	}
}

// plainBuffer is what a connection of the plain loop reads into.
const plainBuffer = 64 << 10

// servePlain is the reference: one goroutine a connection, which reads and writes. Nothing that knows of messages can
// be expected to cost less.
func servePlain(ln net.Listener) error {
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			buf := make([]byte, plainBuffer)
			for {
				n, err := c.Read(buf)
				if n > 0 {
					if _, err := c.Write(buf[:n]); err != nil {
						return
					}
				}
				if err != nil {
					return
				}
			}
		}()
	}
}
