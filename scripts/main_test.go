//go:build unix

// Package scripts_test runs the walkthroughs, as root and as an ordinary user, and looks at what they print.
package scripts_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/proc"
)

// walkthroughs are all of them, in the order of the course.
var walkthroughs = []string{"handshake", "boundaries", "segments", "upgrade", "close", "calls"}

// limit is how long a walkthrough may take.
const limit = time.Minute

// bin is where the programs are.
var bin string

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "walkthroughs")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = filepath.Join(dir, "bin")
	// The user nobody must be able to run them too.
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(bin, 0o755),
		proc.Install(bin, "tcpserver", "tcpclient", "wsserver", "scripts/streammap", "scripts/calls")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// A walk is one run of a walkthrough.
type walk struct {
	cmd    *exec.Cmd
	tmp    string // for its temporary files
	stdout bytes.Buffer
	stderr bytes.Buffer
}

// prepare makes a walk ready, of the scripts in dir.
func prepare(t *testing.T, dir, name string, args ...string) *walk {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		missing(t, "bash")
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	script, err := filepath.Abs(filepath.Join(dir, name+".sh"))
	require.NoError(t, err)
	w := &walk{tmp: t.TempDir()}
	w.cmd = exec.CommandContext(ctx, bash, append([]string{script}, args...)...)
	w.cmd.Dir = w.tmp
	w.cmd.Stdout, w.cmd.Stderr = &w.stdout, &w.stderr
	w.cmd.WaitDelay = 5 * time.Second
	w.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.tmp, "TMPDIR=" + w.tmp, "ECHOLAB_BIN=" + bin}
	return w
}

// run runs the walk, which must leave nothing behind, and returns its status.
func (w *walk) run(t *testing.T) int {
	t.Helper()
	require.NoError(t, w.cmd.Start())
	return w.wait(t)
}

func (w *walk) wait(t *testing.T) int {
	t.Helper()
	if err := w.cmd.Wait(); !errors.As(err, new(*exec.ExitError)) {
		require.NoError(t, err, "%s", &w.stderr)
	}
	left, err := os.ReadDir(w.tmp)
	require.NoError(t, err)
	assert.Empty(t, left, "temporary files")
	assert.Empty(t, w.processes(t), "processes")
	return w.cmd.ProcessState.ExitCode()
}

// processes are those that still run of what the walk started: they have its directory in their environment.
func (w *walk) processes(t *testing.T) (left []string) {
	if runtime.GOOS != "linux" {
		return nil
	}
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, file := range files {
		environ, err := os.ReadFile(file)
		if err == nil && bytes.Contains(environ, []byte("TMPDIR="+w.tmp)) {
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			left = append(left, strings.ReplaceAll(string(name), "\x00", " "))
		}
	}
	return left
}

// walked runs a walkthrough as root, live, from a directory that is not the lab's. It returns what it printed, and the directory where it saved its files.
func walked(t *testing.T, name string) (out, saved string) {
	t.Helper()
	needLive(t, name)
	saved = t.TempDir()
	w := prepare(t, ".", name, "--fast", "--save", saved)
	w.cmd.Dir = "/"
	require.Equal(t, 0, w.run(t), "%s%s", &w.stdout, &w.stderr)
	assert.Empty(t, w.stderr.String())
	lab, err := filepath.Abs("..")
	require.NoError(t, err)
	assert.NotContains(t, w.stdout.String(), lab)
	for line := range strings.Lines(w.stdout.String()) {
		assert.LessOrEqual(t, columns(strings.TrimSuffix(line, "\n")), 80, "%s", line)
	}
	saved = filepath.Join(saved, name)
	keptLikeFresh(t, name, saved)
	return w.stdout.String(), saved
}

// columns is the width of a line on a terminal: Hangul takes two.
func columns(line string) (n int) {
	for _, r := range line {
		n++
		if r >= '\uac00' && r <= '\ud7a3' {
			n++
		}
	}
	return n
}

// needLive skips the test where the walkthrough cannot be live.
func needLive(t *testing.T, name string) {
	t.Helper()
	if os.Getuid() != 0 {
		missing(t, "root")
	}
	tools := []string{"tcpdump"}
	switch name {
	case "segments":
		tools = append(tools, "ip", "ethtool", "ss", "unshare", "nsenter")
	case "calls":
		tools = []string{"strace"}
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool)
		}
	}
}

// missing skips the test, except in CI, which has everything.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing, and CI must run this test", what)
	}
	t.Skipf("this needs %s", what)
}

// tree copies the scripts to a directory that everybody can read, with the kept recordings if they are asked for.
func tree(t *testing.T, captures bool) string {
	t.Helper()
	top, err := os.MkdirTemp("", "scripts")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(top) })
	dir := filepath.Join(top, "scripts")
	require.NoError(t, errors.Join(os.Chmod(top, 0o755), os.Mkdir(dir, 0o755)))
	names, err := filepath.Glob("*.sh")
	require.NoError(t, err)
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, errors.Join(err, os.WriteFile(filepath.Join(dir, name), b, 0o644)))
	}
	if captures {
		require.NoError(t, os.CopyFS(filepath.Join(dir, "captures"), os.DirFS("captures")))
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				err = os.Chmod(path, 0o755)
			}
			return err
		}))
	}
	return dir
}

// asNobody makes the walk one of an ordinary user.
func (w *walk) asNobody(t *testing.T) {
	if os.Getuid() != 0 {
		return // it is one
	}
	const nobody = 65534
	tmp, err := os.MkdirTemp("", "nobody")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(tmp) })
	require.NoError(t, os.Chown(tmp, nobody, nobody))
	for i, v := range w.cmd.Env {
		w.cmd.Env[i] = strings.ReplaceAll(v, w.tmp, tmp)
	}
	w.tmp, w.cmd.Dir = tmp, tmp
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}
