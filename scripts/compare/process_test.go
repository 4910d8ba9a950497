package main

import (
	"io"
	"math"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// program is this test's program, which is the servers, too.
func program(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}

func TestAProcessListensUntilItIsStopped(t *testing.T) {
	p, err := startProcess(t.Context(), program(t), serveCommand, "plain")
	require.NoError(t, err)
	c, err := net.Dial("tcp", p.addr)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Write([]byte("hello"))
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, 5))
	require.NoError(t, err)
	p.stop()
	_, err = net.Dial("tcp", p.addr)
	assert.Error(t, err)
}

func TestALoopEndsWithAnInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no interrupt for another process")
	}
	p, err := startProcess(t.Context(), program(t), serveCommand, "plain")
	require.NoError(t, err)
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	require.NoError(t, p.cmd.Wait())
}

func TestAProcessThatEndsInsteadOfListeningIsQuoted(t *testing.T) {
	_, err := startProcess(t.Context(), program(t), serveCommand, "morse")
	require.ErrorContains(t, err, "did not say that it listens")
	assert.ErrorContains(t, err, `no server here is named "morse"`)
}

func TestAProgramThatIsNotThereIsAnError(t *testing.T) {
	_, err := startProcess(t.Context(), "no/such/program")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestOnlyTheEndOfLongComplaintsIsQuoted(t *testing.T) {
	var p process
	assert.Empty(t, p.complaint())
	p.stderr.WriteString(strings.Repeat("complaint\n", 1000) + "end\n")
	assert.True(t, strings.HasSuffix(p.complaint(), "complaint\nend"))
	assert.Less(t, len(p.complaint()), 2100)
}

func TestTheSystemTellsWhatAProcessUsesOrSaysThatItDoesNot(t *testing.T) {
	p, err := startProcess(t.Context(), program(t), serveCommand, "plain")
	require.NoError(t, err)
	defer p.stop()
	cpu, err := p.cpu()
	require.NoError(t, err)
	if runtime.GOOS != "linux" {
		assert.True(t, math.IsNaN(cpu))
		return
	}
	assert.Positive(t, cpu)
	memory, err := p.memory()
	require.NoError(t, err)
	assert.Greater(t, memory, float64(1<<20))
}
