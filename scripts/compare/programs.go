package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// programs are the files that the servers run from.
type programs struct {
	self     string
	wsserver string
	scratch  string // a directory to remove, or ""
}

// findPrograms returns the programs that the servers need. It builds wsserver if none is given.
func findPrograms(ctx context.Context, list []server, wsserver string) (p programs, err error) {
	if p.self, err = os.Executable(); err != nil {
		return p, err
	}
	p.wsserver = wsserver
	if wsserver != "" || !slices.ContainsFunc(list, func(s server) bool { return s.loop == nil }) {
		return p, nil
	}
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "echolab").Output()
	if err != nil {
		return p, fmt.Errorf("this is not in the lab's repository (name its wsserver with -wsserver): %w", err)
	}
	if p.scratch, err = os.MkdirTemp("", "compare"); err != nil {
		return p, err
	}
	p.wsserver = filepath.Join(p.scratch, "wsserver.exe") // a name that every system runs
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", p.wsserver, "./wsserver")
	build.Dir = strings.TrimSpace(string(root))
	if out, err := build.CombinedOutput(); err != nil {
		p.remove()
		return p, fmt.Errorf("cannot build wsserver, which raw and websocket are (leave them out with -servers): %w\n%s",
			err, strings.TrimSpace(string(out)))
	}
	return p, nil
}

func (p programs) remove() {
	if p.scratch != "" {
		os.RemoveAll(p.scratch)
	}
}

// maxServed is more connections than anybody can ask for here.
const maxServed = 2 * maxIdle

// command is what starts the server.
func (p programs) command(s server) (path string, args []string) {
	if s.loop != nil {
		return p.self, []string{serveCommand, s.name}
	}
	return p.wsserver, []string{
		"-quiet", "-addr", "127.0.0.1:0", "-ping", "0", "-idle-timeout", "1h",
		"-max-conns", fmt.Sprint(maxServed), "-max-message", fmt.Sprint(maxSize),
	}
}
