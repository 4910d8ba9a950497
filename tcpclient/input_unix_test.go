//go:build unix

package main

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli/clitest"
)

func TestAnInterruptEndsTheWaitForAFIFO(t *testing.T) {
	addr := startServer(t, "raw")
	clitest.InterruptedAtFIFO(t, clitest.WithInput(run, strings.NewReader("")), "tcpclient", func(fifo string) []string {
		return []string{addr, "-file", fifo, "-quiet"}
	})
}

// TestASocketIsAnInput: what Node gives its children for standard input.
func TestASocketIsAnInput(t *testing.T) {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	ours, theirs := os.NewFile(uintptr(ends[0]), "ours"), os.NewFile(uintptr(ends[1]), "theirs")
	defer theirs.Close()
	c, err := net.FileConn(ours)
	require.NoError(t, err)
	require.NoError(t, ours.Close())
	_, err = c.Write([]byte("one\ntwo\n"))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	r := runClientWith(t, theirs, startServer(t, "lines"), "-json", "-codec", "lines")
	assert.Equal(t, []string{`"one"`, `"two"`}, r.sent(t))
}
