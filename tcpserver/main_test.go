package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/echo"
	"echolab/internal/sock"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// watchdog is how long anything here may take that must not take long.
const watchdog = 30 * time.Second

// printed is an output that can be read while it is written.
type printed struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.String()
}

// await waits until what was printed matches, and returns the first group of the expression.
func (p *printed) await(t *testing.T, expr string) string {
	t.Helper()
	re := regexp.MustCompile("(?m)" + expr)
	ctx, cancel := context.WithTimeout(t.Context(), watchdog)
	defer cancel()
	var found []string
	err := sock.Await(ctx, func() (bool, error) {
		found = re.FindStringSubmatch(p.String())
		return found != nil, nil
	})
	require.NoError(t, err, "%s in:\n%s", expr, p)
	return found[len(found)-1]
}

// running is the program, started and listening.
type running struct {
	stdout, stderr printed
	addr           string
	interrupt      context.CancelFunc
	status         chan int
}

// start runs the program on a free port.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{interrupt: cancel, status: make(chan int, 1)}
	go func() { r.status <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), &r.stdout, &r.stderr) }()
	t.Cleanup(func() { r.stop(t) })
	announced := &r.stdout
	for _, arg := range args {
		if arg == "-json" {
			announced = &r.stderr
		}
	}
	r.addr = announced.await(t, `^listening on (\S+)$`)
	return r
}

// stop interrupts the program and returns its exit status.
func (r *running) stop(t *testing.T) int {
	t.Helper()
	r.interrupt()
	select {
	case status := <-r.status:
		r.status <- status
		return status
	case <-time.After(watchdog):
		require.Fail(t, "the program goes on")
	}
	return -1
}

// dial returns a connection to the program.
func (r *running) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(watchdog)))
	return c.(*net.TCPConn)
}

// exchange sends something, half-closes, and returns what comes back.
func (r *running) exchange(t *testing.T, text string) string {
	t.Helper()
	c := r.dial(t)
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	back, err := io.ReadAll(c)
	require.NoError(t, err)
	return string(back)
}

// result is the last line of the account.
func (r *running) result(t *testing.T) (last map[string]any) {
	t.Helper()
	for line := range strings.Lines(r.stdout.String()) {
		last = nil
		require.NoError(t, json.Unmarshal([]byte(line), &last), line)
		require.NotEmpty(t, last["ev"], line)
	}
	return last
}

// unfolded is text without its line breaks.
func unfolded(text string) string { return strings.Join(strings.Fields(text), " ") }

// once runs the program to its end, which must come by itself.
func once(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), watchdog)
	defer cancel()
	var out, err bytes.Buffer
	status = run(ctx, args, &out, &err)
	require.NoError(t, ctx.Err())
	return status, out.String(), err.String()
}

func TestTheDefaultsAreThoseOfTheServer(t *testing.T) {
	status, help, _ := once(t, "-h")
	assert.Equal(t, 0, status)
	assert.Contains(t, help, `(default "127.0.0.1:9000")`)
	assert.Equal(t, 64<<10, echo.DefaultReadBuffer)
	for _, value := range []string{"(default 65536)", "(default 1048576)", "(default 1024)", "(default 5m0s)"} {
		assert.Contains(t, unfolded(help), value)
	}
}
