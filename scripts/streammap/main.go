// Command streammap reads a capture of packets, as tcpdump and Wireshark make them, and shows where the messages end
// in the streams of its TCP connections: segments, WebSocket frames and messages on one ruler of offsets, and beside
// them the writes and reads of the lab's programs, if their accounts are given.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"echolab/framing"
	"echolab/internal/cli"
)

func main() {
	os.Exit(run(cli.Interruptible(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// options are the flags, and the capture's name.
type options struct {
	capture  string
	accounts filesFlag
	port     int
	conn     int
	codec    string
	packets  bool
	json     bool
	svg      string
	html     string

	framing framing.Codec // that of codec; nil if there is none
}

func (o *options) define(fs *flag.FlagSet) {
	fs.Var(&o.accounts, "account", "join the account that tcpclient, tcpserver or wsserver wrote with -json to this `FILE`; may be repeated")
	fs.IntVar(&o.port, "port", 0, "only connections with port `N` at one end; 0 is every port")
	fs.IntVar(&o.conn, "conn", 0, "only connection `N`; 0 is every one")
	fs.StringVar(&o.codec, "codec", "", "how messages are marked in streams that are neither HTTP nor TLS: `"+codecNames+"`; KIND is "+framing.Kinds+", TEXT may have "+framing.Escapes+"; websocket is for a WebSocket whose handshake is not in the capture")
	fs.BoolVar(&o.packets, "packets", false, "show the packets one by one, each with a sentence, and the accounts beside them")
	fs.BoolVar(&o.json, "json", false, "print lines of JSON, the result last")
	fs.StringVar(&o.svg, "svg", "", "draw the maps into this `FILE` as a picture")
	fs.StringVar(&o.html, "html", "", "draw the maps into this `FILE` as a page in which you can point at a byte")
}

const codecNames = framing.Names + "|websocket"

// check completes the options, or says what is wrong with them.
func (o *options) check(captures []string) (err error) {
	switch {
	case len(captures) == 0:
		return errors.New("which capture? Name a file that tcpdump -w or Wireshark wrote, or - for standard input")
	case len(captures) > 1:
		return fmt.Errorf("%q and %q: one capture at a time", captures[0], captures[1])
	case o.json && o.packets:
		return errors.New("-json and -packets cannot be combined: -json has every packet")
	}
	o.capture = captures[0]
	if err := o.checkFiles(); err != nil {
		return err
	}
	switch o.codec {
	case "", "raw": // one read is one message, and a capture has no reads
	case "websocket":
		o.framing = framing.WebSocket{}
	default:
		if o.framing, err = cli.Codec(o.codec, "websocket"); err != nil && strings.Contains(o.codec, "=") {
			return err
		} else if err != nil {
			return fmt.Errorf("%w, or websocket", err)
		}
	}
	return errors.Join(cli.Within("port", o.port, 0, 65535), cli.Within("conn", o.conn, 0, cli.NoLimit))
}

// checkFiles returns an error if a picture would replace what is read, or the other picture.
func (o *options) checkFiles() error {
	taken := append([]string{o.capture}, o.accounts...)
	for _, picture := range []string{o.svg, o.html} {
		if picture == "" {
			continue
		}
		for _, file := range taken {
			if same(picture, file) {
				return fmt.Errorf("%s would be overwritten by %s", file, picture)
			}
		}
		taken = append(taken, picture)
	}
	return nil
}

// same says whether both names are those of one file.
func same(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	at, errA := os.Stat(a)
	bt, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(at, bt)
}

// filesFlag is a flag that may be repeated.
type filesFlag []string

func (f *filesFlag) String() string { return strings.Join(*f, ",") }

func (f *filesFlag) Set(file string) error {
	*f = append(*f, file)
	return nil
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := cli.Program{
		Name: "streammap",
		About: "streammap reads a capture (pcap or pcapng) and shows where segments, WebSocket frames and messages " +
			"end in the streams of its TCP connections, beside the writes and reads in the accounts. Of the " +
			"first 16 connections it draws maps, of others it prints a line.",
		Stdout: stdout, Stderr: stderr,
		Examples: `
go run ./scripts/streammap FILE.pcap            every connection
go run ./scripts/streammap FILE.pcap -port 9000 those of one port
go run ./scripts/streammap FILE.pcap -packets   packet by packet
go run ./scripts/streammap FILE.pcap -codec lines
                                                raw streams of lines
go run ./scripts/streammap FILE.pcap -account client.jsonl
                                                with what a program saw
go run ./scripts/streammap FILE.pcap -svg map.svg -html map.html
                                                a picture and a page
tcpdump -i lo -U -w - | go run ./scripts/streammap -
                                                live; Ctrl-C draws the maps
`,
	}
	return p.Run(func(p cli.Program) int { return command(ctx, p, args, stdin) })
}

// command does what the flags ask for.
func command(ctx context.Context, p cli.Program, args []string, stdin io.Reader) int {
	o := new(options)
	fs := p.Flags()
	o.define(fs)
	names, status, done := p.Parse(fs, args, func() bool { return true })
	if done {
		return status
	}
	if err := o.check(names); err != nil {
		return p.Misused(err)
	}
	accounts, err := readAccounts(ctx, o.accounts)
	if err != nil {
		return p.Fail(err)
	}
	in, err := open(ctx, p, o.capture, stdin)
	if err != nil {
		return p.Fail(err)
	}
	defer in.Close()
	return newSurvey(p, o, accounts).run(ctx, in)
}
