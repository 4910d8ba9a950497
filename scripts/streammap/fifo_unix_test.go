//go:build unix

package main

import (
	"strings"
	"testing"

	"echolab/internal/cli/clitest"
)

func TestAnInterruptEndsTheWaitForAnAccountThatIsAFIFO(t *testing.T) {
	clitest.InterruptedAtFIFO(t, clitest.WithInput(run, strings.NewReader("")), "streammap", func(fifo string) []string {
		return []string{"missing.pcap", "-account", fifo}
	})
}
