package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// listeningOn begins the line that every server prints when clients may come.
const listeningOn = "listening on "

// startTimeout is how long a server may take to print it.
const startTimeout = 10 * time.Second

// errNotAvailable is what this system does not tell of another process.
var errNotAvailable = errors.New("not available on this system")

// A process is a server that runs.
type process struct {
	addr    string
	cmd     *exec.Cmd
	stdin   io.Closer
	drained chan struct{} // closed when there is no more output
	stderr  tail
}

// startProcess starts a server and waits until it listens. It is killed when ctx ends.
func startProcess(ctx context.Context, path string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, path, args...), drained: make(chan struct{})}
	p.cmd.Stderr = &p.stderr
	endWithUs(p.cmd)
	stdin, err := p.cmd.StdinPipe() // a loop of this program ends with it
	if err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.stdin = stdin
	listening := make(chan string, 1)
	go func() {
		defer close(p.drained)
		p.drain(stdout, listening)
	}()
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	select {
	case p.addr = <-listening:
		return p, nil
	case <-p.drained:
		err = errors.New("it ended")
	case <-timeout.C:
		err = fmt.Errorf("nothing in %v", startTimeout)
	}
	p.stop()
	return nil, fmt.Errorf("%s did not say that it listens: %w%s", path, err, p.complaint())
}

// drain reads the output to its end, and tells the address once.
func (p *process) drain(stdout io.Reader, listening chan<- string) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), listeningOn); ok {
			select {
			case listening <- addr:
			default:
			}
		}
	}
	io.Copy(io.Discard, stdout) // a line too long for the scanner
}

// stop ends the server at once and waits until it is gone.
func (p *process) stop() {
	p.cmd.Process.Kill()
	p.stdin.Close()
	<-p.drained
	p.cmd.Wait()
}

// complaint is what the server wrote to stderr, on lines of its own.
func (p *process) complaint() string {
	if said := p.stderr.String(); said != "" {
		return "\n" + said
	}
	return ""
}

// A tail keeps the last of what was written to it.
type tail struct {
	mu   sync.Mutex
	last []byte
}

const tailSize = 2000

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b...)
	if over := len(t.last) - tailSize; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(strings.ToValidUTF8(string(t.last), "?"))
}
