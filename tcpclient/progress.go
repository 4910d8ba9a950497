package main

import (
	"fmt"
	"io"
	"time"

	"echolab/internal/cli"
	"echolab/internal/trace"
)

// progressAfter is how long a run goes on before its progress is shown, and progressEvery how often then.
const (
	progressAfter = time.Second
	progressEvery = 100 * time.Millisecond
)

// progress shows on a terminal how much of an echo has come.
type progress struct {
	w     io.Writer // nil if it is not a terminal
	next  time.Time
	shown bool
}

func newProgress(w io.Writer) *progress {
	if !cli.IsTerminal(w) {
		return &progress{}
	}
	return &progress{w: w, next: time.Now().Add(progressAfter)}
}

// show is called by one goroutine at a time.
func (p *progress) show(received int64) {
	if p.w == nil || time.Now().Before(p.next) {
		return
	}
	p.next = time.Now().Add(progressEvery)
	p.shown = true
	fmt.Fprintf(p.w, "\r%s of echo\x1b[K", trace.Bytes(received))
}

// end takes the line away.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
