package main

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/framing"
	"echolab/internal/cli/clitest"
	"echolab/internal/server"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// watchdog is how long anything here may take that must not take long.
const watchdog = 30 * time.Second

// A try is one run of the program.
type try struct {
	status         int
	stdout, stderr string
}

// runClient runs the program with no input to its end.
func runClient(t *testing.T, args ...string) try {
	t.Helper()
	return runClientWith(t, strings.NewReader(""), args...)
}

func runClientWith(t *testing.T, stdin io.Reader, args ...string) try {
	t.Helper()
	status, stdout, stderr := clitest.Once(t, clitest.WithInput(run, stdin), args...)
	return try{status, stdout, stderr}
}

// startServer starts an echo server of that codec; it returns -addr with its address.
func startServer(t *testing.T, codec string) string {
	t.Helper()
	c, err := framing.Parse(codec)
	require.NoError(t, err)
	return serve(t, &server.Server{Codec: c})
}

// webServer starts a server of everything.
func webServer(t *testing.T, web *server.Web) string {
	t.Helper()
	return serve(t, &server.Server{Web: web})
}

func serve(t *testing.T, s *server.Server) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		s.Close()
		assert.ErrorIs(t, <-done, server.ErrServerClosed)
	})
	return "-addr=" + ln.Addr().String()
}

// nobody is -addr with an address where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	return "-addr=" + ln.Addr().String()
}

// result is the last line of an account in JSON; all the others must be events.
func (r try) result(t *testing.T) (last map[string]any) {
	t.Helper()
	for line := range strings.Lines(r.stdout) {
		assert.NotEqual(t, "result", last["ev"], "nothing comes after the result")
		last = nil
		require.NoError(t, json.Unmarshal([]byte(line), &last), line)
		require.NotEmpty(t, last["ev"], line)
	}
	require.Equal(t, "result", last["ev"])
	return last
}

// sent is the messages that the account in JSON says were sent, quoted.
func (r try) sent(t *testing.T) (messages []string) {
	t.Helper()
	for line := range strings.Lines(r.stdout) {
		var e struct{ Ev, Dir, Data string }
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		if e.Ev == "message" && e.Dir == "c2s" {
			messages = append(messages, e.Data)
		}
	}
	return messages
}

// unfolded is text without its line breaks.
func unfolded(text string) string { return strings.Join(strings.Fields(text), " ") }

// temp is a file with that text.
func temp(t *testing.T, text string) (path string) {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "messages")
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return f.Name()
}
