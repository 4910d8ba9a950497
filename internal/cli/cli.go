// Package cli is what the programs of the lab have in common as commands: flags and their errors, exit statuses,
// signals, and where the account goes. It may know the account and its words; the names of flags are known here and in
// the programs, and in no room below. It must not know a server, a client or an experiment.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

// The exit statuses of all programs.
const (
	OK          = 0
	Failed      = 1   // it failed, or an expectation did not hold
	Usage       = 2   // wrong flags or arguments
	Unable      = 3   // this machine cannot do it
	Interrupted = 130 // by Ctrl-C
)

// A Program is one command: its name, what -h says of it, and where it writes.
type Program struct {
	Name     string
	About    string // a sentence
	Examples string // lines of commands, each with what it does
	Stdout   io.Writer
	Stderr   io.Writer
}

// Flags returns the program's flag set, with -version in it.
func (p Program) Flags() *flag.FlagSet {
	fs := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // Parse says what there is to say
	fs.Bool("version", false, "print the version and exit")
	return fs
}

// Parse parses args, where names may stand between the flags if takesNames is set. It returns the names; done is true
// if the program is to end with that status: after -h, -version, or a message on what is wrong.
func (p Program) Parse(fs *flag.FlagSet, args []string, takesNames func() bool) (names []string, status int, done bool) {
	for {
		err := fs.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			p.help(fs)
			return nil, OK, true
		case err != nil:
			return nil, p.Misused(err), true
		}
		if fs.NArg() == 0 {
			break
		}
		if !takesNames() {
			return nil, p.Misused(fmt.Errorf("%q: only flags are allowed", fs.Arg(0))), true
		}
		names = append(names, fs.Arg(0))
		args = fs.Args()[1:]
	}
	if fs.Lookup("version").Value.String() == "true" {
		fmt.Fprintln(p.Stdout, p.version())
		return nil, OK, true
	}
	return names, OK, false
}

func (p Program) help(fs *flag.FlagSet) {
	for _, line := range text.Fold(p.About, text.Width) {
		fmt.Fprintln(p.Stdout, line)
	}
	fmt.Fprintln(p.Stdout)
	for line := range strings.Lines(strings.TrimSpace(p.Examples)) {
		fmt.Fprintf(p.Stdout, "  %s", line)
	}
	fmt.Fprint(p.Stdout, "\n\nFlags:\n")
	var defaults strings.Builder
	fs.SetOutput(&defaults)
	fs.PrintDefaults()
	const indent = "    \t" // of package flag, up to column 8
	for line := range strings.Lines(defaults.String()) {
		usage, ok := strings.CutPrefix(line, indent)
		if !ok {
			fmt.Fprint(p.Stdout, line)
			continue
		}
		for _, folded := range text.Fold(strings.TrimSpace(usage), text.Width-8) {
			fmt.Fprintln(p.Stdout, indent+folded)
		}
	}
}

// version is the module's version, the Go release and the system.
func (p Program) version() string {
	version := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	return fmt.Sprintf("%s %s %s %s/%s", p.Name, version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// Misused says what is wrong with the flags, and returns the status for that.
func (p Program) Misused(err error) int {
	fmt.Fprintf(p.Stderr, "%s: %v\nRun %s -h for the flags and examples.\n", p.Name, err, p.Name)
	return Usage
}

// Fail says what went wrong, and returns the status for that: Failed, or Interrupted if that is why.
func (p Program) Fail(err error) int {
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(p.Stderr, "%s: interrupted\n", p.Name)
		return Interrupted
	}
	fmt.Fprintf(p.Stderr, "%s: %v\n", p.Name, err)
	return Failed
}

// Account returns where the events of a run go: lines of JSON, text, or, if quiet, nowhere (nil).
func (p Program) Account(asJSON, quiet bool) (rec event.Recorder, lines *event.JSON) {
	switch {
	case asJSON:
		lines = event.NewJSON(p.Stdout)
		if quiet {
			return nil, lines
		}
		return lines, lines
	case quiet:
		return nil, nil
	}
	return terminal.NewAccount(p.Stdout, Style(p.Stdout)), nil
}

// Style is colour if w is a terminal that has it and nobody asked for none (NO_COLOR, TERM=dumb).
func Style(w io.Writer) text.Style {
	return text.Style{Color: IsTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// IsTerminal says whether w or r is a file that is a terminal.
func IsTerminal(file any) bool {
	if o, ok := file.(*output); ok {
		file = o.Writer
	}
	f, ok := file.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Interruptible returns a context that ends with the first Ctrl-C or SIGTERM. The second ends the process at once.
func Interruptible() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}

// Given says whether the flag of that name was set on the command line.
func Given(fs *flag.FlagSet, name string) bool {
	given := false
	fs.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// MaxReadBuffer is the largest read buffer that a flag may ask for, MaxWait the longest time, and NoLimit is for flags
// that have none.
const (
	MaxReadBuffer = 64 << 20
	MaxWait       = 365 * 24 * time.Hour
	NoLimit       = math.MaxInt
)

// Within returns an error unless a flag's number or time is from least to most.
func Within[T int | time.Duration](name string, value, least, most T) error {
	switch {
	case value < least:
		return fmt.Errorf("-%s %v: it must be %v or more", name, value, least)
	case value > most:
		return fmt.Errorf("-%s %v: it must be %v or less", name, value, most)
	}
	return nil
}

// CheckWait returns an error unless a flag's time is one that a program can wait for.
func CheckWait(name string, d time.Duration) error {
	switch {
	case d <= 0:
		return fmt.Errorf("-%s %v: it must be more than 0", name, d)
	case d > MaxWait:
		return fmt.Errorf("-%s %v: it must be %v or less", name, d, MaxWait)
	}
	return nil
}

// CheckFits returns an error if no message of the codec is within the limit of its size.
func CheckFits(codec framing.Codec, maxMessage int) error {
	if size, ok := framing.SizeOf(codec); ok && size > maxMessage {
		return fmt.Errorf("-codec fixed=%d and -max-message %d: every message would be over the limit", size, maxMessage)
	}
	return nil
}

// CheckAddr returns an error unless addr is HOST:PORT.
func CheckAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Errorf("-addr %s: it must be HOST:PORT with a port from 0 to 65535, as in 127.0.0.1:9000", addr)
	}
	return nil
}
