package interop

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// limit is how long anything here may take. The longest takes some seconds, and a minute where others use the machine.
const limit = 2 * time.Minute

// bin is where the programs of the lab are.
var bin string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) (status int) {
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = dir
	build := exec.Command("go", "build", "-C", "../..", "-buildvcs=false", "-o", dir, "./wsserver", "./tcpclient", "./scripts/streammap")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "the programs of the lab cannot be built:", err)
		return 1
	}
	defer func() { stopTabs() }()
	return m.Run()
}

// program is the path of a program of the lab.
func program(name string) string { return filepath.Join(bin, name) }

// missing ends a test that cannot be without a program that is not there: it is skipped, but fails in CI, where all
// that is in packages of Debian must be installed.
func missing(t *testing.T, what, packages string) {
	t.Helper()
	text := what + " is missing"
	if packages != "" {
		text += ": on Debian, apt-get install " + packages
	}
	if packages != "" && os.Getenv("CI") == "true" {
		t.Fatal(text)
	}
	t.Skip(text)
}

// A process is a program that runs. It is killed at the end of its test, and when it runs for too long.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr output
	done           chan struct{} // closed when it has ended, and all of its output is there
}

func start(t *testing.T, stdin io.Reader, env []string, path string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	p := &process{t: t, cmd: exec.CommandContext(ctx, path, args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stdin, &p.stdout, &p.stderr
	p.cmd.WaitDelay = time.Second // for what its children keep open
	p.stdout.grown.L, p.stderr.grown.L = &p.stdout.mu, &p.stderr.mu
	if err := p.cmd.Start(); err != nil {
		cancel()
		require.NoError(t, err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // the exit status says it
		p.stdout.end()
		p.stderr.end()
	}()
	t.Cleanup(func() {
		cancel()
		<-p.done
	})
	return p
}

// stop asks the process to end, and waits until it has.
func (p *process) stop() (status int) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	return p.wait()
}

// wait returns the exit status of the process once it has ended; -1 if a signal ended it.
func (p *process) wait() (status int) {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// succeed waits for the process to end, which it must do with exit status 0.
func (p *process) succeed() {
	p.t.Helper()
	require.Zero(p.t, p.wait(), p.tail())
}

// tail is the end of what the process printed, since an account can be long.
func (p *process) tail() string {
	const enough = 2000
	tail := func(text string) string { return text[max(0, len(text)-enough):] }
	return tail(p.stdout.text()) + "\n" + tail(p.stderr.text())
}

// await waits for a line that begins with prefix, and returns the rest of it.
func (p *process) await(o *output, prefix string) string {
	p.t.Helper()
	rest, ok := o.await(prefix)
	require.True(p.t, ok, "it ended before it said %q\n%s", prefix, p.tail())
	return rest
}

// An output keeps what a process writes.
type output struct {
	mu    sync.Mutex
	grown sync.Cond
	all   strings.Builder
	ended bool
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.grown.Broadcast()
	return o.all.Write(b)
}

func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	o.grown.Broadcast()
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// await waits for a whole line that begins with prefix, and returns the rest of it.
func (o *output) await(prefix string) (rest string, ok bool) {
	ok = o.until(func(text string) (found bool) {
		for line := range strings.Lines(text) {
			if rest, found = strings.CutPrefix(line, prefix); found && strings.HasSuffix(rest, "\n") {
				return true
			}
		}
		return false
	})
	return strings.TrimSuffix(rest, "\n"), ok
}

// until waits until the text is as wanted, and says whether that came.
func (o *output) until(wanted func(text string) bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !wanted(o.all.String()) {
		if o.ended {
			return false
		}
		o.grown.Wait()
	}
	return true
}
