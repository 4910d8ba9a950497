// Package proc runs the lab's programs as processes, for tests: built once, bounded in time, and gone when the test is
// over. It may know the tree and the go command. It must not know what a program is for.
package proc

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// limit is how long a process may run; a test that needs more waits for the wrong thing.
const limit = time.Minute

var gomod = sync.OnceValues(func() ([]byte, error) { return exec.Command("go", "env", "GOMOD").Output() })

// Root is the directory of the module.
func Root(t testing.TB) string {
	out, err := gomod()
	require.NoError(t, err)
	return filepath.Dir(strings.TrimSpace(string(out)))
}

// Install makes programs of the lab, "tcpserver" or "scripts/streammap", in dir. It lets go run copy them there: go run
// keeps what it has linked in the build cache, and go build would link it anew for each package that tests it.
func Install(dir string, programs ...string) error {
	mod, err := gomod()
	if err != nil {
		return err
	}
	for _, program := range programs {
		cmd := exec.Command("go", "run", "-buildvcs=false", "-exec=cp", "./"+program, filepath.Join(dir, filepath.Base(program)))
		cmd.Dir = filepath.Dir(strings.TrimSpace(string(mod)))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s does not build: %w\n%s", program, err, out)
		}
	}
	return nil
}

var built struct {
	sync.Mutex
	dir   string
	paths map[string]string
}

// Build returns the path of a program, which it installs at most once a process. Cleanup removes what was built.
func Build(t testing.TB, program string) string {
	built.Lock()
	defer built.Unlock()
	if path, ok := built.paths[program]; ok {
		return path
	}
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "echolab")
		require.NoError(t, err)
		built.dir, built.paths = dir, make(map[string]string)
	}
	require.NoError(t, Install(built.dir, program))
	built.paths[program] = filepath.Join(built.dir, filepath.Base(program))
	return built.paths[program]
}

// Cleanup removes the built programs; TestMain calls it at the end.
func Cleanup() {
	built.Lock()
	defer built.Unlock()
	os.RemoveAll(built.dir)
}

// Output is what a process that has ended left behind.
type Output struct {
	Stdout, Stderr string
	Status         int // the exit status; -1 if a signal ended it
}

// Run runs a program to its end, with nothing on its standard input.
func Run(t testing.TB, program string, args ...string) Output {
	return Start(t, program, nil, args...).Wait()
}

// A Process is a program that runs.
type Process struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdout bytes.Buffer // guarded by mu
	stderr bytes.Buffer
	done   chan struct{} // closed when all output was read

	mu    sync.Mutex
	grown sync.Cond // stdout has more, or ended
	seen  int       // bytes of stdout that AwaitLine has looked at
	ended bool

	once sync.Once
	out  Output
}

// Start starts a program; it is killed at the end of the test if it still runs then. It may be called from any
// goroutine of the test that fails the test only through Wait.
func Start(t testing.TB, program string, stdin io.Reader, args ...string) *Process {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	p := &Process{t: t, done: make(chan struct{})}
	p.grown.L = &p.mu
	p.cmd = exec.CommandContext(ctx, Build(t, program), args...)
	p.cmd.Stdin = stdin
	p.cmd.Dir = Root(t)
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	go p.read(stdout)
	t.Cleanup(func() {
		cancel()
		p.Wait()
	})
	return p
}

func (p *Process) read(stdout io.Reader) {
	defer close(p.done)
	r := bufio.NewReader(stdout)
	for {
		line, err := r.ReadString('\n')
		p.mu.Lock()
		p.stdout.WriteString(line)
		p.ended = err != nil
		p.grown.Broadcast()
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Signal sends a signal to the process.
func (p *Process) Signal(sig os.Signal) {
	require.NoError(p.t, p.cmd.Process.Signal(sig))
}

// Wait returns once the process has ended.
func (p *Process) Wait() Output {
	p.once.Do(func() {
		<-p.done
		err := p.cmd.Wait()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			p.out.Stderr = err.Error()
		}
		p.out = Output{p.stdout.String(), p.out.Stderr + p.stderr.String(), p.cmd.ProcessState.ExitCode()}
	})
	return p.out
}

// A Server is a server program that listens.
type Server struct {
	*Process
	Addr string // HOST:PORT
}

// StartServer starts a server program on a free port of loopback and waits until it listens.
func StartServer(t testing.TB, program string, args ...string) *Server {
	p := Start(t, program, nil, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	s := &Server{Process: p}
	s.Addr = strings.TrimPrefix(p.AwaitLine("listening on "), "listening on ")
	return s
}

// AwaitLine waits for a line of standard output that contains text, after those that it has returned before, and
// returns it.
func (p *Process) AwaitLine(text string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for line := range strings.Lines(p.stdout.String()[p.seen:]) {
			p.seen += len(line)
			if strings.Contains(line, text) {
				return strings.TrimSuffix(line, "\n")
			}
		}
		if p.ended {
			require.FailNow(p.t, "the process ended before it said "+text, p.stdout.String())
		}
		p.grown.Wait()
	}
}

// Stop interrupts the server, as Ctrl-C does, and returns what it left behind.
func (s *Server) Stop() Output {
	s.Signal(os.Interrupt)
	return s.Wait()
}
