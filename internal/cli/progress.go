package cli

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progressAfter is how long a run goes on before its progress is shown, and progressEvery how often then.
const (
	progressAfter = time.Second
	progressEvery = 100 * time.Millisecond
)

// Progress shows on a terminal how far a long run has come, and nothing elsewhere, nor on one that cannot clear a line
// (TERM=dumb). It must not be used concurrently.
type Progress struct {
	w     io.Writer // nil if nothing is shown
	next  time.Time
	shown bool
}

// NewProgress returns a Progress that writes to w, if that is such a terminal.
func NewProgress(w io.Writer) *Progress {
	if !IsTerminal(w) || os.Getenv("TERM") == "dumb" {
		return &Progress{}
	}
	return &Progress{w: w, next: time.Now().Add(progressAfter)}
}

// Show shows the line that text returns, if it is time for one.
func (p *Progress) Show(text func() string) {
	if p.w == nil || time.Now().Before(p.next) {
		return
	}
	p.next = time.Now().Add(progressEvery)
	p.shown = true
	fmt.Fprintf(p.w, "\r%s\x1b[K", text())
}

// End takes the line away.
func (p *Progress) End() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	p.shown = false
}
