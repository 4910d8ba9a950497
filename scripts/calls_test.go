//go:build unix

package scripts_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli/clitest"
	"echolab/internal/strace/stracetest"
	"echolab/internal/text"
)

// What calls -h tells one to do, with each kind of program. The test is here and not beside calls because the programs
// are built here.
func TestEveryEventOfARealRunHasItsCall(t *testing.T) {
	t.Parallel()
	large := filepath.Join(t.TempDir(), "large")
	require.NoError(t, os.WriteFile(large, append(bytes.Repeat([]byte("x"), 1000_000), '\n'), 0o600))
	for _, c := range []struct {
		name           string
		server, client []string
	}{
		{"raw", []string{"tcpserver"}, []string{"tcpclient"}},
		{"a byte a write", []string{"tcpserver", "-read", "4"}, []string{"tcpclient", "-chunk", "1"}},
		{"lines", []string{"tcpserver", "-codec", "lines"}, []string{"tcpclient", "-codec", "lines"}},
		{"large", []string{"tcpserver", "-codec", "length"}, []string{"tcpclient", "-codec", "length", "-file", large}},
		{"WebSocket", []string{"wsserver"}, []string{"tcpclient", "-ws", "-ping", "-fragment", "4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := underStrace(t, c.server[0], append(c.server[1:], "-addr", "127.0.0.1:0")...)
			addr := server.stderr.Await(t, `^listening on (\S+)$`)
			client := underStrace(t, c.client[0], append(c.client[1:], "-addr", addr)...)
			client.wait(t)
			server.interrupt(t)
			server.wait(t)
			status, stdout := calls(t, "-account", client.account, "-trace", client.trace,
				"-account", server.account, "-trace", server.trace)
			assert.Zero(t, status, stdout)
			assert.Regexp(t, `\n\d+ events [^:]*: \d+ [^.]*, 0 without\.\n`, stdout)
			// The calls of the other program, which ran at the same time, are not this one's.
			status, _ = calls(t, "-account", client.account, "-trace", server.trace)
			assert.Equal(t, 1, status)
		})
	}
}

// calls runs the program to its end.
func calls(t *testing.T, args ...string) (status int, stdout string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "calls"), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		assert.Empty(t, stderr.String())
	}
	for line := range strings.Lines(string(out)) {
		assert.LessOrEqual(t, text.Columns(strings.TrimSuffix(line, "\n")), 80, line)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// A tracedRun is one of the lab's programs under strace.
type tracedRun struct {
	cmd            *exec.Cmd
	account, trace string // files
	stderr         clitest.Printed
}

// underStrace starts one of the lab's programs as calls -h says.
func underStrace(t *testing.T, program string, args ...string) *tracedRun {
	t.Helper()
	dir := t.TempDir()
	r := &tracedRun{account: filepath.Join(dir, "account.jsonl"), trace: filepath.Join(dir, "run.strace")}
	account, err := os.Create(r.account)
	require.NoError(t, err)
	defer account.Close()
	r.cmd = stracetest.Command(t, r.trace, []string{"-T"}, filepath.Join(bin, program), append([]string{"-json"}, args...)...)
	r.cmd.Stdout, r.cmd.Stderr = account, &r.stderr
	require.NoError(t, r.cmd.Start())
	t.Cleanup(func() { _ = r.cmd.Wait() })
	return r
}

// interrupt is Ctrl-C for the program: strace, which would not pass it on, has its number on its first line.
func (r *tracedRun) interrupt(t *testing.T) {
	t.Helper()
	out, err := os.ReadFile(r.trace)
	require.NoError(t, err)
	pid, err := strconv.Atoi(string(regexp.MustCompile(`^\d+`).Find(out)))
	require.NoError(t, err)
	p, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.NoError(t, p.Signal(os.Interrupt))
}

func (r *tracedRun) wait(t *testing.T) {
	t.Helper()
	require.NoError(t, r.cmd.Wait(), r.stderr.String())
}
