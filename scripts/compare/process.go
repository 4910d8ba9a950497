package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// listeningOn begins the line that every server prints when clients may come.
const listeningOn = "listening on "

// startTimeout is how long a server may take to print it.
const startTimeout = 10 * time.Second

// A process is a server that runs.
type process struct {
	addr   string
	cmd    *exec.Cmd
	stderr bytes.Buffer // to be read after stop
}

// startProcess starts a server and waits until it listens. It is killed when ctx ends.
func startProcess(ctx context.Context, path string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, path, args...)}
	p.cmd.Stderr = &p.stderr
	endWithUs(p.cmd)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	overdue := time.AfterFunc(startTimeout, func() { p.cmd.Process.Kill() })
	defer overdue.Stop()
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var ok bool
		if p.addr, ok = strings.CutPrefix(lines.Text(), listeningOn); ok {
			go io.Copy(io.Discard, stdout) // what it says besides must not stop it
			return p, nil
		}
	}
	p.stop()
	return nil, fmt.Errorf("%s ended, or was ended after %v, and did not say that it listens%s",
		path, startTimeout, p.complaint())
}

// stop ends the server at once and waits until it is gone.
func (p *process) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// maxComplaint is how much of what a server wrote to stderr is worth quoting, in bytes.
const maxComplaint = 2000

// complaint is the end of what the server wrote to stderr, on lines of its own.
func (p *process) complaint() string {
	said := p.stderr.Bytes()
	said = bytes.TrimSpace(bytes.ToValidUTF8(said[max(0, len(said)-maxComplaint):], []byte("?")))
	if len(said) == 0 {
		return ""
	}
	return "\n" + string(said)
}
