package cli

import (
	"fmt"
	"io"
	"sync"
)

// output is a standard output that remembers whether everything could be written: a full disk is no success.
type output struct {
	io.Writer
	mu  sync.Mutex
	err error
}

func (o *output) Unwrap() io.Writer { return o.Writer }

func (o *output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	return n, err
}

func (o *output) firstError() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Run runs the program's command and returns its exit status: that of command, or Failed if not everything could be
// written to Stdout.
func (p Program) Run(command func(p Program) int) int {
	out := &output{Writer: p.Stdout}
	p.Stdout = out
	status := command(p)
	if err := out.firstError(); err != nil && status == OK {
		return p.Fail(fmt.Errorf("cannot write the output: %w", err))
	}
	return status
}
