//go:build unix

package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// moments are files whose appearance says how far a walkthrough has come, the last one last.
var moments = map[string][]string{
	"handshake":  {"tcpdump.txt", "server.txt", "all.pcap", "1-whole.pcap", "2-unaccepted.client.jsonl"},
	"boundaries": {"server.txt", "1-one-read.client.jsonl", "5-frames.server.jsonl"},
	"segments":   {"server.txt", "all.pcap", "2-frame.client.jsonl"},
	"close":      {"3-killed.client.jsonl", "input"},
	"calls":      {"1-raw.server.strace", "2-frames.client.strace"},
}

func TestAnInterruptLeavesNothingBehind(t *testing.T) {
	for name, files := range moments {
		for i, file := range files {
			for sig, status := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
				if sig == syscall.SIGTERM && i < len(files)-1 {
					continue // it takes the same way as the other signal, from wherever that began
				}
				t.Run(name+"/"+file+"/"+sig.String(), func(t *testing.T) {
					t.Parallel()
					needLive(t, name)
					namespaces := glob(t, "/run/netns/*")
					w := prepare(t, ".", name)
					require.NoError(t, w.cmd.Start())
					w.awaitFile(t, file)
					require.NoError(t, w.cmd.Process.Signal(sig))
					assert.Equal(t, status, w.wait(t), "%s", &w.stderr)
					assert.Subset(t, namespaces, glob(t, "/run/netns/*"))
				})
			}
		}
	}
}

// As a terminal does it, which sends the signal to all processes at once.
func TestCtrlCReachesAllAndEndsAll(t *testing.T) {
	needLive(t, "handshake")
	w := prepare(t, ".", "handshake")
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, w.cmd.Start())
	w.awaitFile(t, "2-unaccepted.client.jsonl")
	require.NoError(t, syscall.Kill(-w.cmd.Process.Pid, syscall.SIGINT))
	assert.Equal(t, 130, w.wait(t))
}

func TestAnInterruptWhileItWaitsForEnter(t *testing.T) {
	w := prepare(t, tree(t, true), "handshake", "--pause")
	w.asNobody(t)
	stdin, enter, err := os.Pipe()
	require.NoError(t, err)
	defer stdin.Close()
	defer enter.Close()
	stdout, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	require.NoError(t, err)
	defer stdout.Close()
	w.cmd.Stdin, w.cmd.Stdout = stdin, stdout
	require.NoError(t, w.cmd.Start())
	await(t, func() bool {
		b, _ := os.ReadFile(stdout.Name())
		return strings.Contains(string(b), "-- Enter --")
	})
	require.NoError(t, w.cmd.Process.Signal(syscall.SIGINT))
	assert.Equal(t, 130, w.wait(t), "%s", &w.stderr)
}

func TestAnInterruptWhileItBuildsIsHeardAtOnce(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		missing(t, "go")
	}
	w := prepare(t, ".", "handshake")
	w.cmd.Env = append(os.Environ(), "TMPDIR="+w.tmp, "GOFLAGS=-a") // everything anew: it takes its time
	w.cmd.Env = append(w.cmd.Env, "ECHOLAB_BIN=")
	require.NoError(t, w.cmd.Start())
	w.awaitFile(t, "go-build*")
	require.NoError(t, w.cmd.Process.Signal(syscall.SIGINT))
	assert.Equal(t, 130, w.wait(t), "%s", &w.stderr)
}

// awaitFile waits until the file is there, in the walk's own temporary directory.
func (w *walk) awaitFile(t *testing.T, name string) {
	t.Helper()
	await(t, func() bool { return len(glob(t, filepath.Join(w.tmp, "echolab.*", name))) > 0 })
}

// await polls until the condition holds.
func await(t *testing.T, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		require.True(t, time.Now().Before(deadline), "it does not come")
		<-tick.C
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	require.NoError(t, err)
	return found
}
