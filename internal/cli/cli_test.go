package cli_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/cli"
	"echolab/internal/event"
	"echolab/internal/text/texttest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// A try is a program and what it printed.
type try struct {
	cli.Program
	stdout, stderr bytes.Buffer
}

func newTry() *try {
	t := new(try)
	t.Program = cli.Program{
		Name:     "prog",
		About:    "prog does what it does, and this sentence on it is longer than one line of a terminal is wide.",
		Examples: "\nprog -n 3        three of them\nprog             all\n",
		Stdout:   &t.stdout, Stderr: &t.stderr,
	}
	return t
}

// flags is the program's flag set with a number in it.
func (t *try) flags() (fs *flag.FlagSet, n *int) {
	fs = t.Flags()
	return fs, fs.Int("n", 7, "how many of them, which takes so many words to explain that they are more than a line")
}

func never() bool  { return false }
func always() bool { return true }

func TestHelpHasExamplesBeforeFlagsAndFitsATerminal(t *testing.T) {
	for _, arg := range []string{"-h", "-help", "--help"} {
		p := newTry()
		fs, _ := p.flags()
		_, status, done := p.Parse(fs, []string{arg}, never)
		assert.True(t, done)
		assert.Equal(t, cli.OK, status)
		assert.Empty(t, p.stderr.String())
		assert.Equal(t, `prog does what it does, and this sentence on it is longer than one line of a
terminal is wide.

  prog -n 3        three of them
  prog             all

Flags:
  -n int
    	how many of them, which takes so many words to explain that they are
    	more than a line (default 7)
  -version
    	print the version and exit
`, p.stdout.String())
	}
}

func TestVersionNamesTheProgramAndTheSystem(t *testing.T) {
	p := newTry()
	fs, _ := p.flags()
	_, status, done := p.Parse(fs, []string{"-version"}, never)
	assert.True(t, done)
	assert.Equal(t, cli.OK, status)
	assert.Regexp(t, `^prog \S+ go\S+ \w+/\w+\n$`, p.stdout.String())
}

func TestMisuseIsNamedAndTurnedToTheHelp(t *testing.T) {
	for says, args := range map[string][]string{
		"there is no flag -no-such-flag":                          {"-no-such-flag"},
		"-verison … did you mean -version?":                       {"-verison"},
		`"many" for flag -n: … whole number`:                      {"-n", "many"},
		`"" for flag -n: … must not be empty`:                     {"-n", ""},
		"-n needs a value: -n int":                                {"-n"},
		`"stray": only flags are allowed; … -n`:                   {"-n", "3", "stray"},
		`"": … must not be empty`:                                 {"-n", "3", ""},
		`invalid boolean value "x" for -version: … true or false`: {"-version=x"},
	} {
		p := newTry()
		p.Stray = "; try -n"
		fs, _ := p.flags()
		_, status, done := p.Parse(fs, args, never)
		assert.True(t, done)
		assert.Equal(t, cli.Usage, status)
		texttest.Mentions(t, p.stderr.String(), says)
		assert.Regexp(t, `^prog: .*\nRun prog -h for the flags and examples\.\n$`, p.stderr.String())
		assert.Empty(t, p.stdout.String())
	}
}

// A word is a flag's value that is nothing but text.
type word string

func (w *word) String() string         { return string(*w) }
func (w *word) Set(value string) error { *w = word(value); return nil }
func (w *word) TakesEmpty()            {}

func TestOnlyTextMayBeEmpty(t *testing.T) {
	p := newTry()
	fs, _ := p.flags()
	text, name := word("before"), fs.String("name", "before", "")
	fs.Var(&text, "text", "")
	_, _, done := p.Parse(fs, []string{"-text", ""}, never)
	assert.False(t, done)
	assert.Empty(t, text)
	_, status, _ := p.Parse(fs, []string{"-name", ""}, never)
	assert.Equal(t, cli.Usage, status)
	assert.Equal(t, "before", *name)
}

func TestTheNearestWordIsOneThatMayBeMeant(t *testing.T) {
	words := []string{"raw", "lines", "length"}
	for word, want := range map[string]string{"line": "lines", "LENGHT": "length", "rwa": "raw", "morse": "", "": "", "websocket": ""} {
		got := cli.Nearest(word, words)
		if want == "" {
			assert.Empty(t, got, word)
			continue
		}
		assert.Equal(t, "; did you mean "+want+"?", got)
	}
	assert.Empty(t, cli.Nearest("raw", nil))
}

func TestNamesMayStandBetweenFlags(t *testing.T) {
	p := newTry()
	fs, n := p.flags()
	names, _, done := p.Parse(fs, []string{"one", "-n", "3", "two", "--", "-three"}, always)
	assert.False(t, done)
	assert.Equal(t, []string{"one", "two", "-three"}, names)
	assert.Equal(t, 3, *n)
	assert.Empty(t, p.stdout.String()+p.stderr.String())
}

func TestAFailureIsOneLine(t *testing.T) {
	p := newTry()
	assert.Equal(t, cli.Failed, p.Fail(errors.New("it broke")))
	assert.Equal(t, "prog: it broke\n", p.stderr.String())
}

func TestAnInterruptIsNotAFailure(t *testing.T) {
	p := newTry()
	assert.Equal(t, cli.Interrupted, p.Fail(fmt.Errorf("waiting: %w", context.Canceled)))
	assert.Equal(t, "prog: interrupted\n", p.stderr.String())
	assert.Equal(t, 130, cli.Interrupted)
}

func TestTheAccountGoesWhereTheFlagsSay(t *testing.T) {
	event := event.Event{Time: time.Now(), Ev: event.End, Text: "so be it"}
	for name, c := range map[string]struct {
		json, quiet bool
		text        string // what the event looks like; "" if it is not told
		lines       bool   // whether there is a place for the result
	}{
		"text":          {false, false, "end      so be it\n", false},
		"quiet":         {false, true, "", false},
		"JSON":          {true, false, `"ev":"end"`, true},
		"JSON, quietly": {true, true, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newTry()
			rec, lines := p.Account(c.json, c.quiet)
			assert.Equal(t, c.text == "", rec == nil, "a recorder that is nil costs nothing")
			assert.Equal(t, c.lines, lines != nil)
			if rec != nil {
				rec.Record(event)
				assert.Contains(t, p.stdout.String(), c.text)
				assert.NotContains(t, p.stdout.String(), "\x1b")
			}
		})
	}
}

func TestNumbersHaveBounds(t *testing.T) {
	assert.NoError(t, cli.Within("n", 1, 1, 3))
	assert.NoError(t, cli.Within("n", 3, 1, 3))
	assert.NoError(t, cli.Within("n", math.MaxInt, 1, cli.NoLimit))
	texttest.Error(t, cli.Within("n", 0, 1, 3), "-n 0: … 1 or more")
	texttest.Error(t, cli.Within("n", 4, 1, 3), "-n 4: … 3 or less")
	texttest.Error(t, cli.Within("t", 0, time.Second, time.Minute), "-t 0s: … 1s or more")
}

func TestATimeIsOneThatAProgramCanWaitFor(t *testing.T) {
	assert.NoError(t, cli.CheckWait("time", 1))
	assert.NoError(t, cli.CheckWait("time", cli.MaxWait))
	texttest.Error(t, cli.CheckWait("time", 0), "-time 0s: … more than 0")
	texttest.Error(t, cli.CheckWait("time", -time.Second), "-time -1s: … more than 0")
	texttest.Error(t, cli.CheckWait("time", math.MaxInt64), "-time 2562047h47m16.854775807s: … 8760h0m0s or less")
}

func TestAnAddressIsAHostAndAPort(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:9000", "127.0.0.1:0", "[::1]:80", ":9000", "localhost:http", "0.0.0.0:65535"} {
		assert.NoError(t, cli.CheckAddr(addr, 0))
	}
	for _, addr := range []string{"", "nowhere", "127.0.0.1", "9000", "::1:9000", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:no-such-service"} {
		assert.EqualError(t, cli.CheckAddr(addr, 0), "-addr "+addr+": it must be HOST:PORT with a port from 0 to 65535, as in 127.0.0.1:9000")
	}
}

// full is a disk without room.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestAnOutputThatCannotBeWrittenIsAFailure(t *testing.T) {
	says := func(status int) func(cli.Program) int {
		return func(p cli.Program) int {
			fmt.Fprintln(p.Stdout, "the answer")
			return status
		}
	}
	p := newTry()
	require.Equal(t, cli.OK, p.Run(says(cli.OK)))
	assert.Equal(t, "the answer\n", p.stdout.String())

	p.Stdout = full{}
	assert.Equal(t, cli.Failed, p.Run(says(cli.OK)))
	texttest.Says(t, p.stderr.String(), "prog: … write … no space left on device")
	assert.Equal(t, cli.Usage, p.Run(says(cli.Usage)), "what was wrong before stays")
	assert.Equal(t, 1, strings.Count(p.stderr.String(), "\n"))
}

func TestOnlyATerminalHasColour(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm-256color")
	assert.False(t, cli.Style(new(bytes.Buffer)).Color)
	assert.False(t, cli.IsTerminal(nil))
}
