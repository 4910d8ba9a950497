package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestProgressIsShownOnTerminalsOnly(t *testing.T) {
	var w bytes.Buffer
	p := newProgress(&w)
	p.next = time.Time{}
	p.show(1000)
	p.end()
	assert.Empty(t, w.String())
}

func TestProgressIsShownAfterAWhileAndTakenAway(t *testing.T) {
	var w bytes.Buffer
	p := &progress{w: &w, next: time.Now().Add(time.Hour)}
	p.show(1000)
	p.end()
	assert.Empty(t, w.String(), "it is too early")

	p.next = time.Time{}
	p.show(2000)
	p.show(3000) // too soon after the one before
	p.end()
	assert.Equal(t, "\r2,000 bytes of echo\x1b[K\r\x1b[K", w.String())
}
