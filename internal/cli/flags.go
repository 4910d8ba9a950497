package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"echolab/framing"
)

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
		err := parse(fs, args)
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
		switch {
		case fs.Arg(0) == "":
			return nil, p.Misused(errors.New(`"": an argument must not be empty`)), true
		case !takesNames():
			return nil, p.Misused(fmt.Errorf("%q: only flags are allowed%s", fs.Arg(0), p.Stray)), true
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

// parse is fs.Parse, but that values are checked, and that its errors say what to do.
func parse(fs *flag.FlagSet, args []string) error {
	fs.VisitAll(func(f *flag.Flag) { f.Value = checked{f.Value} })
	err := fs.Parse(args)
	fs.VisitAll(func(f *flag.Flag) { f.Value = f.Value.(checked).Value })
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag needs an argument: -"); ok {
		value, usage := flag.UnquoteUsage(fs.Lookup(name))
		return fmt.Errorf("-%s needs a value: -%s %s (%s)", name, name, value, usage)
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		var names []string
		fs.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
		return fmt.Errorf("there is no flag -%s%s", name, Nearest("-"+name, names))
	}
	return err
}

// checked is a flag's value that takes no empty one, as a variable of a shell that was never set would give: who gives a
// flag means something by it. A value that is nothing but text may be empty, and says so with a method TakesEmpty.
type checked struct{ flag.Value }

func (c checked) Set(value string) error {
	if _, ok := c.Value.(interface{ TakesEmpty() }); value == "" && !ok {
		return errors.New("it must not be empty")
	}
	err := c.Value.Set(value)
	if err == nil {
		return nil
	}
	getter, ok := c.Value.(flag.Getter)
	if !ok {
		return err
	}
	switch getter.Get().(type) { // Go's own errors are "parse error" and "value out of range"
	case time.Duration:
		if c.Value.Set(value+"s") == nil {
			return fmt.Errorf("a time has a unit: %ss", value)
		}
		return errors.New("it must be a time, as in 5s or 1m30s")
	case int:
		return fmt.Errorf("it must be a whole number of at most %d", math.MaxInt)
	case bool:
		return errors.New("it must be true or false")
	}
	return err
}

// IsBoolFlag passes on what package flag asks.
func (c checked) IsBoolFlag() bool {
	b, ok := c.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// Nearest is what an error adds for a word that is none of those: the one that may have been meant, or nothing.
func Nearest(word string, words []string) string {
	if len(words) == 0 {
		return ""
	}
	distance := func(other string) int { return levenshtein.ComputeDistance(strings.ToLower(word), other) }
	best := slices.MinFunc(words, func(a, b string) int { return distance(a) - distance(b) })
	if distance(best) > (len(best)+1)/2 {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// Given says whether the flag of that name was set on the command line.
func Given(fs *flag.FlagSet, name string) bool {
	given := false
	fs.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// CheckAlone returns an error if another flag is given than those that mean something beside a flag that was.
func CheckAlone(fs *flag.FlagSet, name string, meaning ...string) (err error) {
	fs.Visit(func(f *flag.Flag) {
		if err == nil && f.Name != name && !slices.Contains(meaning, f.Name) {
			err = fmt.Errorf("-%s: it has no effect with -%s", f.Name, name)
		}
	})
	return err
}

// MaxReadBuffer is the largest read buffer that a flag may ask for, MaxMessage the largest message, MaxWait the longest
// time, and NoLimit is for flags that have none.
const (
	MaxReadBuffer = 64 << 20
	MaxMessage    = 1 << 30
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

// Codec is what a -codec names, and the error what it could have meant: one of framing's, or of others that there are.
func Codec(name string, others ...string) (framing.Codec, error) {
	codec, err := framing.Parse(name)
	if err != nil && strings.Contains(name, "=") {
		return nil, fmt.Errorf("-codec: %w", err) // which says what there could be
	}
	if err != nil {
		return nil, fmt.Errorf("-codec: %w%s", err, Nearest(name, append(strings.Split(framing.Names, "|"), others...)))
	}
	return codec, nil
}

// CheckFits returns an error if no message of the codec is within the limit of its size.
func CheckFits(codec framing.Codec, maxMessage int) error {
	if size, ok := framing.SizeOf(codec); ok && size > maxMessage {
		return fmt.Errorf("-codec fixed=%d and -max-message %d: every message would be over the limit", size, maxMessage)
	}
	return nil
}

// CheckAddr returns an error unless addr is HOST:PORT, with a port from least up: 0, which lets the system choose one, is
// a server's.
func CheckAddr(addr string, least int) error {
	_, port, err := net.SplitHostPort(addr)
	number := 0
	if err == nil {
		number, err = net.LookupPort("tcp", port)
	}
	if err != nil || port == "" || number < least { // LookupPort takes no port for 0
		return fmt.Errorf("-addr %s: it must be HOST:PORT with a port from %d to 65535, as in 127.0.0.1:9000", addr, least)
	}
	return nil
}
