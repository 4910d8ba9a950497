// Package clitest runs the lab's programs inside a test's own process, where their context is their Ctrl-C. It
// may know how a program is called and what it prints. It must not know any program.
package clitest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/sock"
	"echolab/internal/text/texttest"
)

// Watchdog is how long anything may take that must not take long.
const Watchdog = 30 * time.Second

// A Program is a program's run function; it returns the exit status.
type Program func(ctx context.Context, args []string, stdout, stderr io.Writer) int

// Once runs a program to its end, which must come by itself.
func Once(t testing.TB, run Program, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Watchdog)
	defer cancel()
	var out, err bytes.Buffer
	status = run(ctx, args, &out, &err)
	require.NoError(t, ctx.Err())
	return status, out.String(), err.String()
}

// WithInput is a program that has this input.
func WithInput(run func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int, stdin io.Reader) Program {
	return func(ctx context.Context, args []string, stdout, stderr io.Writer) int {
		return run(ctx, args, stdin, stdout, stderr)
	}
}

// Help holds what a program says of itself: examples before its flags, which all are named, no wider than a terminal;
// and its version.
func Help(t *testing.T, run Program, name string, flags ...string) {
	t.Helper()
	status, help, stderr := Once(t, run, "-h")
	assert.Zero(t, status)
	assert.Empty(t, stderr)
	assert.Less(t, strings.Index(help, "go run ./"+name), strings.Index(help, "Flags:"))
	for line := range strings.Lines(help) {
		line = strings.Replace(strings.TrimRight(line, "\n"), "    \t", strings.Repeat(" ", 8), 1)
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 80, line)
	}
	for _, flag := range append(flags, "version") {
		assert.Contains(t, help, "\n  -"+flag)
	}
	status, version, stderr := Once(t, run, "-version")
	assert.Zero(t, status)
	assert.Regexp(t, "^"+path.Base(name)+` \S+ go`, version)
	assert.Empty(t, stderr)
}

// Misuse holds that a program refuses arguments, separated by spaces, and says so in these words (see texttest.Mentions).
func Misuse(t *testing.T, run Program, name string, cases [][2]string) {
	t.Helper()
	for _, c := range cases {
		args, says := c[0], c[1]
		status, stdout, stderr := Once(t, run, strings.Fields(args)...)
		assert.Equal(t, 2, status, args)
		texttest.Mentions(t, stderr, says)
		assert.True(t, strings.HasPrefix(stderr, name+": "), stderr)
		assert.Contains(t, stderr, "Run "+name+" -h")
		assert.Empty(t, stdout)
	}
}

// Printed is an output that can be read while it is written.
type Printed struct {
	mu    sync.Mutex
	all   bytes.Buffer
	ended bool // nobody writes any more
}

func (p *Printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.Write(b)
}

func (p *Printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.String()
}

func (p *Printed) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

// find looks for a match in what was printed so far.
func (p *Printed) find(re *regexp.Regexp) (groups []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if groups = re.FindStringSubmatch(p.all.String()); groups == nil && p.ended {
		err = errors.New("the program has ended")
	}
	return groups, err
}

// Await waits until what was printed matches, and returns the last group of the expression.
func (p *Printed) Await(t testing.TB, expr string) string {
	t.Helper()
	re := regexp.MustCompile("(?m)" + expr)
	ctx, cancel := context.WithTimeout(t.Context(), Watchdog)
	defer cancel()
	var found []string
	err := sock.Await(ctx, func() (done bool, err error) {
		found, err = p.find(re)
		return found != nil, err
	})
	require.NoError(t, err, "%s in:\n%s", expr, p)
	return found[len(found)-1]
}

// A Server is a server program that listens.
type Server struct {
	Stdout, Stderr Printed
	Addr           string // HOST:PORT
	interrupt      context.CancelFunc
	status         chan int
}

// Start runs a server program on a free port, and stops it at the end of the test.
func Start(t testing.TB, run Program, args ...string) *Server {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &Server{interrupt: cancel, status: make(chan int, 1)}
	go func() {
		status := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), &s.Stdout, &s.Stderr)
		s.Stdout.end()
		s.Stderr.end()
		s.status <- status
	}()
	t.Cleanup(func() { s.Stop(t) })
	announced := &s.Stdout
	if slices.Contains(args, "-json") {
		announced = &s.Stderr
	}
	s.Addr = announced.Await(t, `^listening on (\S+)$`)
	return s
}

// Stop interrupts the program and returns its exit status.
func (s *Server) Stop(t testing.TB) int {
	t.Helper()
	s.interrupt()
	select {
	case status := <-s.status:
		s.status <- status
		return status
	case <-time.After(Watchdog):
		require.Fail(t, "the program goes on")
	}
	return -1
}

// Dial returns a connection to the program, which the end of the test closes.
func (s *Server) Dial(t testing.TB) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(Watchdog)))
	return c.(*net.TCPConn)
}

// Exchange sends something, half-closes, and returns what comes back.
func (s *Server) Exchange(t testing.TB, text string) string {
	t.Helper()
	c := s.Dial(t)
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	back, err := io.ReadAll(c)
	require.NoError(t, err)
	return string(back)
}

// Result is the last line of the account, all of which must be JSON.
func (s *Server) Result(t testing.TB) map[string]any {
	t.Helper()
	return LastLine(t, s.Stdout.String())
}

// LastLine decodes the last of the lines of JSON that a program has printed, each of which must have its "ev".
func LastLine(t testing.TB, lines string) (last map[string]any) {
	t.Helper()
	for line := range strings.Lines(lines) {
		last = nil
		require.NoError(t, json.Unmarshal([]byte(line), &last), line)
		require.NotEmpty(t, last["ev"], line)
	}
	return last
}

// Unfolded is text without its line breaks.
func Unfolded(text string) string { return strings.Join(strings.Fields(text), " ") }
