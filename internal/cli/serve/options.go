// Package serve is what the lab's servers have in common as programs: their flags, running the server, and the summary
// at the end. It may know the server and internal/cli. It must not know what a program mounts on the server.
package serve

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"time"

	"echolab/framing"
	"echolab/internal/cli"
	"echolab/internal/server"
)

// Options are the flags that every server has, and the server that they describe.
type Options struct {
	server.Server
	Addr  string
	JSON  bool
	Quiet bool

	// Page is the scheme of the page that the server has for browsers, http or https; "" if it has none.
	Page string
	// Announce, if set, says something before the line that scripts wait for.
	Announce func(p cli.Program, addr net.Addr)

	fs    *flag.FlagSet
	codec string
	glue  bool
}

// glueTime is how long -glue waits for more without a -delay.
const glueTime = 100 * time.Millisecond

// Define adds the flags to fs.
func (o *Options) Define(fs *flag.FlagSet) {
	o.fs = fs
	fs.StringVar(&o.Addr, "addr", "127.0.0.1:9000", "listen on `HOST:PORT`; port 0 picks a free one")
	fs.StringVar(&o.codec, "codec", "raw", "how messages are marked: `"+framing.Names+"`; KIND is "+framing.Kinds+", TEXT may have "+framing.Escapes)
	fs.IntVar(&o.ReadBuffer, "read", server.DefaultReadBuffer,
		"read at most `N` bytes at a time (262144 by default for raw with -quiet)")
	fs.IntVar(&o.Chunk, "chunk", 0, "write at most `N` bytes at a time, wherever messages end: what does the client make of that?")
	fs.DurationVar(&o.Delay, "delay", 0, "wait this `time` between two writes of a connection")
	fs.BoolVar(&o.glue, "glue", false, fmt.Sprintf("answer with one write what comes within the time of -delay, or %v", glueTime))
	fs.IntVar(&o.MaxMessage, "max-message", server.DefaultMaxMessage,
		"refuse messages of more than `N` bytes (not for raw, which has none)")
	fs.IntVar(&o.MaxConns, "max-conns", server.DefaultMaxConns,
		"serve at most `N` connections at once, and close any more")
	fs.DurationVar(&o.IdleTimeout, "idle-timeout", server.DefaultIdleTimeout,
		"close a connection on which nothing moves for this `time`")
	fs.BoolVar(&o.JSON, "json", false, "print the account as lines of JSON")
	fs.BoolVar(&o.Quiet, "quiet", false, "print no account, and spend nothing on one")
}

// Check completes the options once the flags are parsed, or says what is wrong with them.
func (o *Options) Check() error {
	codec, err := cli.Codec(o.codec)
	o.Codec = codec
	err = errors.Join(
		err,
		cli.CheckAddr(o.Addr, 0),
		cli.Within("read", o.ReadBuffer, 1, cli.MaxReadBuffer),
		cli.Within("chunk", o.Chunk, 0, cli.MaxReadBuffer),
		cli.Within("delay", o.Delay, 0, cli.MaxWait),
		cli.Within("max-message", o.MaxMessage, 1, cli.MaxMessage),
		cli.CheckFits(o.Codec, o.MaxMessage),
		cli.Within("max-conns", o.MaxConns, 1, cli.NoLimit),
		cli.CheckWait("idle-timeout", o.IdleTimeout),
		o.checkGlue(),
	)
	if !cli.Given(o.fs, "read") {
		o.ReadBuffer = 0 // the server's own default depends on what it does
	}
	return err
}

// checkGlue makes of -delay the time of -glue, where that is given.
func (o *Options) checkGlue() error {
	switch {
	case !o.glue:
		return nil
	case o.Chunk > 0:
		return errors.New("-chunk and -glue cannot be combined")
	case o.Delay == 0:
		o.Glue = glueTime
	default:
		o.Glue, o.Delay = o.Delay, 0
	}
	return nil
}
