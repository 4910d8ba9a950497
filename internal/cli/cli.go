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
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"golang.org/x/term"

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
	Stray    string // what to do about an argument that is no flag, where none is allowed
	Stdout   io.Writer
	Stderr   io.Writer
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

// Style is that of the terminal that w is, as wide as that is now, or of none. Colour is where it has it and nobody asked
// for none (NO_COLOR, TERM=dumb).
func Style(w io.Writer) text.Style {
	f, ok := terminalOf(w)
	if !ok {
		return text.Style{}
	}
	columns, _, _ := term.GetSize(int(f.Fd())) // 0 if it does not know
	return text.Style{Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", Columns: columns}
}

// IsTerminal says whether w or r is a file that is a terminal.
func IsTerminal(file any) bool {
	_, ok := terminalOf(file)
	return ok
}

func terminalOf(file any) (*os.File, bool) {
	for {
		around, ok := file.(interface{ Unwrap() io.Writer })
		if !ok {
			break
		}
		file = around.Unwrap()
	}
	f, ok := file.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// Interruptible returns a context that ends with the first Ctrl-C, SIGTERM, or SIGHUP, which a terminal sends that is
// closed; nohup has programs ignore that one. The second ends the process at once.
func Interruptible() context.Context {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop)
	return ctx
}
