package cli

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func saying(text string) func() string { return func() string { return text } }

func TestProgressIsShownOnTerminalsOnly(t *testing.T) {
	var w bytes.Buffer
	p := NewProgress(&w)
	p.next = time.Time{}
	p.Show(saying("1,000 bytes"))
	p.End()
	assert.Empty(t, w.String())
}

func TestProgressIsShownAfterAWhileAndTakenAway(t *testing.T) {
	var w bytes.Buffer
	p := &Progress{w: &w, next: time.Now().Add(time.Hour)}
	p.Show(saying("1,000 bytes"))
	p.End()
	assert.Empty(t, w.String(), "it is too early")

	p.next = time.Time{}
	p.Show(saying("2,000 bytes"))
	p.Show(saying("3,000 bytes")) // too soon after the one before
	p.End()
	p.End()
	assert.Equal(t, "\r2,000 bytes\x1b[K\r\x1b[K", w.String())
}
