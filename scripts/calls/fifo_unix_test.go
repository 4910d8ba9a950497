//go:build unix

package main

import (
	"testing"

	"echolab/internal/cli/clitest"
)

func TestAnInterruptEndsTheWaitForAFIFO(t *testing.T) {
	clitest.InterruptedAtFIFO(t, run, "calls", func(fifo string) []string {
		return []string{"-account", fifo, "-trace", "missing"}
	})
}
